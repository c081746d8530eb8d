"""Log entries of the PostgreSQL store: one partition for each day (UTC), made by `devmgmt.logs.partitions`.

A plain table without a model: rows come by COPY and are read by `devmgmt.logs.postgres` alone. What people filter by is
in the first index, in the order in which entries are listed, so that no search has to read the entries that it passes
over. The others are for one device, one launch (few entries have the same, so they share a place in the index), and
the error groups.
"""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

TABLE = """
CREATE TABLE devmgmt_logentry (
    mini_program_id bigint NOT NULL,
    time timestamptz NOT NULL,
    id bigint NOT NULL,
    level smallint NOT NULL,
    marks smallint NOT NULL,
    application_id bigint NOT NULL,
    guid text NOT NULL,
    platform text NOT NULL,
    os_version text NOT NULL,
    page text NOT NULL,
    filter_msg text NOT NULL,
    trace_id text NOT NULL,
    library_version text NOT NULL,
    client_version text NOT NULL,
    version text NOT NULL,
    message text NOT NULL,
    error text NOT NULL,
    lines text NOT NULL  -- JSON; text, because json and jsonb refuse characters that devices may send
) PARTITION BY RANGE (time);
CREATE INDEX devmgmt_logentry_time ON devmgmt_logentry (mini_program_id, time, id)
    INCLUDE (level, platform, library_version, client_version, version, page, filter_msg);
CREATE INDEX devmgmt_logentry_guid ON devmgmt_logentry (mini_program_id, guid, time, id);
CREATE INDEX devmgmt_logentry_trace ON devmgmt_logentry (mini_program_id, trace_id) WHERE trace_id <> '';
CREATE INDEX devmgmt_logentry_error ON devmgmt_logentry (mini_program_id, error, version, guid, time, id)
    WHERE error <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("devmgmt", "0001_initial")]

    operations = [TrigramExtension(), migrations.RunSQL(sql=TABLE, reverse_sql="DROP TABLE devmgmt_logentry")]
