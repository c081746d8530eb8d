"""The project: the foundation of all sections, and the composition that joins them."""

from console.celery import app as celery_app

__all__ = ["celery_app"]
