"""The append-only log of what was done (P-5)."""

from django.db import models

from console.base.activity.querysets import ActivityQuerySet
from console.base.core.request_id import LONGEST


class ActivityEntry(models.Model):
    """Who did what on what, before → after, why, from where.

    Ids and labels, no foreign keys: an entry outlives what it describes. A trigger refuses any change.
    """

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    verb = models.CharField(max_length=50, help_text="the name of an event of `console.base.activity.events`")
    target_type = models.CharField(max_length=50)
    target_id = models.CharField(max_length=50)
    target_label = models.CharField(max_length=200)
    team_id = models.BigIntegerField(null=True)
    mini_program_id = models.CharField(max_length=20, blank=True, help_text="App ID")
    application_id = models.CharField(max_length=20, blank=True, help_text="Application ID")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    source = models.CharField(max_length=20, help_text="web, command or job")
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(
        max_length=LONGEST, blank=True, db_default="", help_text="of the request, or the job, that did it"
    )

    objects = ActivityQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["team_id", "-id"], name="activity_by_team"),
            models.Index(fields=["mini_program_id", "-id"], name="activity_by_program"),
            models.Index(fields=["application_id", "-id"], name="activity_by_application"),
            models.Index(fields=["request_id"], condition=~models.Q(request_id=""), name="activity_by_request"),
            # One kind of entry, or those of one thing, among a million of a program's or an app's.
            models.Index(fields=["mini_program_id", "verb", "-id"], name="activity_program_verb"),
            models.Index(fields=["application_id", "verb", "-id"], name="activity_app_verb"),
            models.Index(fields=["target_type", "target_id", "-id"], name="activity_by_target"),
            # What was built into which app (O-2): few entries among many, read for all programs together.
            models.Index(
                fields=["mini_program_id", "application_id", "-id"],
                condition=models.Q(verb="offline.downloaded"),
                name="activity_offline_downloads",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label}, {self.verb}: {self.target_label}"

    def changes(self) -> list[tuple[str, object, object]]:
        """Return (what, before, after) for each value that differs."""
        before, after = self.before or {}, self.after or {}
        return [
            (key, before.get(key), after.get(key)) for key in {**before, **after} if before.get(key) != after.get(key)
        ]


class RetentionRun(models.Model):
    """What the last run did about old rows of a kind (`console.base.core.retention`), for the status page."""

    name = models.CharField(max_length=20, primary_key=True)
    ran_at = models.DateTimeField(null=True)
    deleted_last = models.BigIntegerField(db_default=0)
    deleted_total = models.BigIntegerField(db_default=0)
    behind = models.BooleanField(db_default=False, help_text="there was too little time, or it failed")
    oldest = models.DateTimeField(null=True, help_text="when the oldest row was written that is left")
    passed = models.BigIntegerField(db_default=0, help_text="up to which id rows were looked through, see Place")
    pass_began_at = models.DateTimeField(null=True, help_text="when that began, from the first row on")

    def __str__(self) -> str:
        return self.name
