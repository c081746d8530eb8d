"""How large the tables are at 100 million devices: what is simulated.

Each device is enrolled once, has two programs, and reported on three versions in ninety days; half of them have a user
with consents. People and what they make are those of 5,000 teams. The distributions of values are the demo's: three
teams own everything, which is worse than any real platform. Where that would be absurd, DISTINCT says how many values
there are: negative ones are a share of the rows.
"""

from __future__ import annotations

MILLION = 1_000_000
BIG = MILLION  # rows from which on a table must not be read as a whole

# Rows, and bytes of one with its header, as measured or from the widths of its columns.
ROWS: dict[str, tuple[int, int]] = {
    "grayscale_claim": (100 * MILLION, 115),
    "grayscale_seendevice": (200 * MILLION, 150),
    "grayscale_updatereport": (300 * MILLION, 109),
    "miniprograms_programuser": (100 * MILLION, 130),
    "messaging_consent": (100 * MILLION, 80),
    "messaging_message": (200 * MILLION, 420),
    "messaging_consentcall": (20 * MILLION, 260),
    "messaging_mainswitch": (5 * MILLION, 45),
    "keys_logincode": (20 * MILLION, 190),
    "keys_accesstoken": (MILLION, 190),
    "keys_usersession": (50 * MILLION, 80),
    "webhooks_delivery": (5 * MILLION, 1_500),
    "devmgmt_logvolume": (50 * MILLION, 56),
    "activity_activityentry": (50 * MILLION, 420),
    "accounts_notification": (20 * MILLION, 260),
    "accounts_securityentry": (5 * MILLION, 240),
    "accounts_usersession": (2 * MILLION, 220),
    "django_session": (MILLION, 320),
    "automation_keptanswer": (MILLION, 700),
    "automation_upload": (MILLION, 150),
    "accounts_user": (50_000, 220),
    "accounts_membership": (60_000, 60),
    "accounts_team": (5_000, 70),
    "miniprograms_miniprogram": (10_000, 400),
    "miniprograms_binding": (30_000, 140),
    "releases_version": (300_000, 140),
    "releases_package": (300_000, 1_500),
    "releases_audit": (150_000, 190),
    "releases_reviewdecision": (300_000, 140),
    "releases_release": (150_000, 110),
    "reviews_report": (300_000, 1_200),
    "grayscale_grayscaletask": (50_000, 300),
    "grayscale_claimshard": (800_000, 400),
    "grayscale_applicationcondition": (60_000, 80),
    "grayscale_platformcondition": (60_000, 80),
    "grayscale_objectlist": (30_000, 300),
    "devmgmt_apipermission": (100_000, 170),
    "devmgmt_domainexemption": (30_000, 170),
    "devmgmt_serverdomain": (100_000, 80),
    "privacy_privacyagreement": (50_000, 800),
}
DISTINCT: dict[tuple[str, str], float] = {
    ("accounts_notification", "user_id"): 40_000,
    ("accounts_securityentry", "user_id"): 50_000,
    ("accounts_usersession", "user_id"): 50_000,
    ("accounts_usersession", "session_key"): -1,
    ("django_session", "session_key"): -1,
    ("grayscale_claim", "guid"): -0.9,
    ("grayscale_claim", "task_id"): 100,
    ("grayscale_seendevice", "guid"): -0.5,
    ("grayscale_updatereport", "guid"): -0.3,
    ("grayscale_claimshard", "task_id"): -0.0625,
    ("miniprograms_programuser", "account"): -0.5,
    ("miniprograms_programuser", "openid"): -1,
    ("messaging_consent", "user_id"): -0.9,
    ("messaging_consentcall", "user_id"): -0.5,
    ("messaging_consentcall", "request_id"): -1,
    ("messaging_message", "consent_id"): -0.4,
    ("messaging_message", "idempotency_key"): -0.5,
    ("keys_logincode", "request_id"): -1,
    ("keys_logincode", "user_id"): -0.8,
    ("keys_logincode", "sha256"): -1,
    ("keys_accesstoken", "sha256"): -1,
    ("keys_usersession", "nonce"): -1,
    ("webhooks_delivery", "event_id"): -0.5,
    ("webhooks_delivery", "webhook_id"): 5_000,
    ("automation_keptanswer", "key"): -1,
    ("activity_activityentry", "target_id"): -0.1,
    ("grayscale_updatereport", "version_id"): 300,
    ("devmgmt_logvolume", "mini_program_id"): 5_000,
    ("keys_accesstoken", "mini_program_id"): 10_000,
    ("keys_accesstoken", "secret_id"): 10_000,
}
# Over how many days up to now a column's times are spread, evenly.
DAYS: dict[tuple[str, str], int] = {
    ("grayscale_claim", "claimed_at"): 365,
    ("grayscale_seendevice", "seen_at"): 30,
    ("grayscale_updatereport", "reported_at"): 90,
    ("messaging_message", "accepted_at"): 180,
    ("messaging_consentcall", "created_at"): 7,
    ("keys_logincode", "expires_at"): 1,
    ("keys_accesstoken", "issued_at"): 2,
    ("keys_usersession", "started_at"): 365,
    ("webhooks_delivery", "created_at"): 30,
    ("automation_keptanswer", "created_at"): 1,
    ("automation_upload", "at"): 90,
    ("keys_accesstoken", "expires_at"): 2,
    ("devmgmt_logvolume", "minute"): 7,
    ("activity_activityentry", "at"): 1_500,
    ("accounts_notification", "created_at"): 180,
    ("accounts_securityentry", "at"): 365,
    ("accounts_usersession", "signed_in_at"): 14,
}
