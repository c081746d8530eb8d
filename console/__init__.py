"""The project: floor and roof of the console."""

from console.celery import app as celery_app

__all__ = ["celery_app"]
