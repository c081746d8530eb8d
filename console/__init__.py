"""The project: what all sections stand on, and what joins them."""

from console.celery import app as celery_app

__all__ = ["celery_app"]
