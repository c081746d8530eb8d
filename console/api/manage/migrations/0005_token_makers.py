"""Robots that there are: who created the token is in its row, who replaced it in the log."""

from django.db import migrations

FILL = """
    UPDATE accounts_user SET token_makers = found.makers
    FROM (
        SELECT holder_id, array_agg(maker ORDER BY made_at) AS makers
        FROM (
            SELECT holder_id, maker, max(at) AS made_at
            FROM (
                SELECT holder_id, created_by_id AS maker, created_at AS at FROM automation_token
                WHERE team_id IS NOT NULL
                UNION ALL
                SELECT token.holder_id, entry.actor_id, entry.at
                FROM automation_token AS token
                JOIN activity_activityentry AS entry
                    ON entry.target_type = 'token' AND entry.target_id = token.id::text
                WHERE token.team_id IS NOT NULL AND entry.verb = 'token.rotated' AND entry.actor_id IS NOT NULL
            ) AS making
            GROUP BY holder_id, maker
        ) AS made
        GROUP BY holder_id
    ) AS found
    WHERE found.holder_id = accounts_user.id AND accounts_user.is_robot
"""


class Migration(migrations.Migration):
    dependencies = [
        ("automation", "0004_login_requests"),
        ("accounts", "0014_token_makers"),
        ("activity", "0012_by_target"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
