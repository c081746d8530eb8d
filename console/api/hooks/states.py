"""The words and figures of webhooks (A-4)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Format(models.TextChoices):
    """What a receiver understands."""

    STANDARD = "standard", _("JSON, signed (Standard Webhooks)")
    SLACK = "slack", "Slack"
    FEISHU = "feishu", _("Feishu, Lark")
    DINGTALK = "dingtalk", _("DingTalk")
    WECOM = "wecom", _("WeCom")


CHATS = tuple(each for each in Format if each is not Format.STANDARD)
WITH_OWN_SECRET = (Format.FEISHU, Format.DINGTALK)  # a robot there may have a secret, which people copy to here


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


TEST = "webhook.test"  # the type of what the button sends: no event
EVENTS_LENGTH = 50
MOST_ATTEMPTS = 24  # of a delivery are kept, the newest
