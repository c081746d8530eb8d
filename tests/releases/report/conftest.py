"""The application, its people, and a program of another team that is in audit there."""

from tests.console.conftest import application, outsider, reviewer
from tests.console.reviews.conftest import audit, program

__all__ = ["application", "audit", "outsider", "program", "reviewer"]
