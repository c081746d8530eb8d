"""The words and figures of subscription messages."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TemplateKind(models.TextChoices):
    """How often a consent counts; the numbers are WeChat's `type`."""

    ONE_TIME = "one_time", _("One-time")
    LONG_TERM = "long_term", _("Long-term")

    @property
    def number(self) -> int:
        """As WeChat's interfaces write it."""
        return 2 if self is TemplateKind.ONE_TIME else 3


class TemplateCategory(models.TextChoices):
    """What a public template is about."""

    ORDERS = "orders", _("Orders and delivery")
    QUEUES = "queues", _("Queues and reservations")
    PAYMENT = "payment", _("Payment and membership")
    HEALTH = "health", _("Medical care")
    TRANSPORT = "transport", _("Transport")
    GOVERNMENT = "government", _("Government affairs")
    LIVELIHOOD = "livelihood", _("People's livelihood")
    EDUCATION = "education", _("Education")
    FINANCE = "finance", _("Finance")
    WORK = "work", _("Work and events")

    @property
    def number(self) -> int:
        """As WeChat's interfaces write it: new ones come last, so that it stays."""
        return list(TemplateCategory).index(self) + 1


PUBLIC_SERVICES = (
    TemplateCategory.HEALTH,
    TemplateCategory.TRANSPORT,
    TemplateCategory.GOVERNMENT,
    TemplateCategory.LIVELIHOOD,
    TemplateCategory.EDUCATION,
    TemplateCategory.FINANCE,
)  # that long-term templates are for


class KeywordType(models.TextChoices):
    """What a value may be (M-5); the values are WeChat's, and the beginning of a keyword's name in `data`."""

    THING = "thing", _("any text")
    NUMBER = "number", pgettext_lazy("a value", "number")
    LETTER = "letter", _("letters")
    SYMBOL = "symbol", _("symbols")
    CHARACTER_STRING = "character_string", _("letters, digits and symbols")
    TIME = "time", _("time")
    DATE = "date", _("date")
    AMOUNT = "amount", _("amount of money")
    PHONE_NUMBER = "phone_number", _("phone number")
    CAR_NUMBER = "car_number", _("number plate")
    NAME = "name", _("person's name")
    PHRASE = "phrase", _("short phrase in Chinese")
    ENUM = "enum", _("one of a list")


class Answer(models.TextChoices):
    """What `requestSubscribeMessage` answers for a template (M-4)."""

    ACCEPT = "accept", _("Accepted")
    REJECT = "reject", _("Rejected")
    BAN = "ban", _("Banned")
    FILTER = "filter", _("Filtered out")


class MessageState(models.TextChoices):
    """Where an accepted message is (M-7)."""

    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class ProgramState(models.TextChoices):
    """`miniprogram_state`: which version the message opens."""

    DEVELOPER = "developer", _("Development version")
    TRIAL = "trial", _("Trial version")
    FORMAL = "formal", _("Online version")


LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")  # that WeChat's `lang` knows
MOST_KEYWORDS = 5  # of one template
MOST_PUBLIC_KEYWORDS = 20  # of one public template
MOST_TEMPLATES = 50  # of one program
MOST_ASKED = 3  # templates in one call
PUSHES_PER_DAY = 5  # of a long-term template to one user (M-6)
NOTE_LENGTH = 200
