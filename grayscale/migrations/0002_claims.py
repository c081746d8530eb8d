"""How GUIDs get places in tasks: in functions, so that a place is given whole or not at all, in one round trip (G-5)."""

from django.db import migrations

# Storage: nine tenths of a page are left to new versions of its rows, so that a claim writes no index, and what is
# dead is swept up by the next claim.
SHARDS = "ALTER TABLE grayscale_claimshard SET (fillfactor = 10, autovacuum_vacuum_scale_factor = 0)"

# Who has a place is found by the primary key, without any lock or write; 0 says that a place may be had.
LOOK = """
CREATE FUNCTION grayscale_look(the_guid text, tasks bigint[], may_claim boolean[])
RETURNS bigint LANGUAGE plpgsql STABLE SET enable_seqscan = off SET lock_timeout = '3s' AS $$
BEGIN
    FOR i IN 1 .. cardinality(tasks) LOOP
        PERFORM FROM grayscale_claim WHERE task_id = tasks[i] AND guid = the_guid;
        IF FOUND THEN
            RETURN tasks[i];
        END IF;
        CONTINUE WHEN NOT may_claim[i];
        PERFORM FROM grayscale_claimshard WHERE task_id = tasks[i] AND open AND taken < capacity;
        IF FOUND THEN
            RETURN 0;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""

# Devices of any tasks get their places in one transaction, since its commit is what costs. For a place a shard that has
# free ones is locked; the claim's row is inserted, and of two requests of one GUID the second waits for the row of the
# first; the shard's count is written once, when the devices are through or it is full.
#
# Any shard will do that nobody else holds; each transaction begins to look at another one. Only when all that have free
# places are held it waits for one, and only while it holds nothing itself; else it stops, and the devices that are left
# have to be asked for again. Who was waited for may have taken the last place of that shard, and an edit may have moved
# places to another one: all shards are looked at again at one moment, and only that look can say that the task is full.
# A shard that was locked and turns out to be full stays locked: going back to the beginning of the inner block gives it
# up.
#
# So nobody waits for a shard while holding anything, but the verbs, which lock them in order and no claims. Rows of
# claims are waited for in the order of their GUIDs. Neither can meet in a deadlock.
#
# enable_seqscan: plans are kept as long as the connection, also those made while the tables were empty. lock_timeout:
# better no answer than all of a server's threads waiting for one forgotten transaction. synchronous_commit: what a
# device was given must survive a crash, whatever the database does elsewhere.
TAKE = """
CREATE FUNCTION grayscale_take(
    guids text[], tasks text[], may_claim text[], applications bigint[],
    app_versions text[], platforms text[], os_versions text[], networks text[]
) RETURNS bigint[] LANGUAGE plpgsql SET enable_seqscan = off SET lock_timeout = '3s' AS $$
DECLARE
    given bigint[] := ARRAY[]::bigint[];
    turn integer := floor(random() * 16);
    -- The shards that are locked, one of each task: task, shard, places left, places taken here.
    of_task bigint[] := ARRAY[]::bigint[];
    shards smallint[] := ARRAY[]::smallint[];
    places integer[] := ARRAY[]::integer[];
    counts integer[] := ARRAY[]::integer[];
    one bigint;
    ones bigint[];
    may boolean[];
    place bigint;
    own integer;
    picked smallint;
    room integer;
BEGIN
    <<devices>>
    FOR n IN 1 .. cardinality(guids) LOOP
        ones := tasks[n];
        may := may_claim[n];
        place := NULL;
        FOR i IN 1 .. cardinality(ones) LOOP
            one := ones[i];
            PERFORM FROM grayscale_claim WHERE task_id = one AND guid = guids[n];
            IF FOUND THEN
                place := one;
                EXIT;
            END IF;
            CONTINUE WHEN NOT may[i];
            own := array_position(of_task, one);
            IF own IS NULL OR places[own] = 0 THEN
                IF own IS NOT NULL THEN
                    UPDATE grayscale_claimshard SET taken = taken + counts[own]
                        WHERE task_id = one AND shard = shards[own];
                    counts[own] := 0;
                END IF;
                LOOP
                    BEGIN
                        SELECT shard, capacity - taken INTO picked, room FROM grayscale_claimshard
                            WHERE task_id = one AND open AND taken < capacity
                            ORDER BY (shard + turn) % 16 LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
                        EXIT WHEN FOUND;
                        RAISE SQLSTATE 'GS001';  -- In vain: back to BEGIN.
                    EXCEPTION WHEN SQLSTATE 'GS001' THEN
                        NULL;
                    END;
                    SELECT shard INTO picked FROM grayscale_claimshard
                        WHERE task_id = one AND open AND taken < capacity ORDER BY (shard + turn) % 16 LIMIT 1;
                    EXIT WHEN NOT FOUND;  -- It is full, or closed.
                    EXIT devices WHEN cardinality(of_task) > 0;
                    BEGIN
                        SELECT capacity - taken INTO room FROM grayscale_claimshard
                            WHERE task_id = one AND shard = picked AND open AND taken < capacity FOR NO KEY UPDATE;
                        EXIT WHEN FOUND;
                        RAISE SQLSTATE 'GS001';
                    EXCEPTION WHEN SQLSTATE 'GS001' THEN
                        NULL;
                    END;
                END LOOP;
                CONTINUE WHEN picked IS NULL;
                IF own IS NULL THEN
                    own := cardinality(of_task) + 1;
                END IF;
                of_task[own] := one;
                shards[own] := picked;
                places[own] := room;
                counts[own] := 0;
            END IF;
            INSERT INTO grayscale_claim
                (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)
                VALUES (one, guids[n], clock_timestamp(), applications[n], app_versions[n], platforms[n],
                        os_versions[n], networks[n])
                ON CONFLICT DO NOTHING;
            IF FOUND THEN
                places[own] := places[own] - 1;
                counts[own] := counts[own] + 1;
            END IF;
            place := one;
            EXIT;
        END LOOP;
        given := given || place;
    END LOOP;
    IF cardinality(of_task) > 0 THEN
        UPDATE grayscale_claimshard AS row SET taken = taken + own_row.count
            FROM unnest(of_task, shards, counts) AS own_row (task, shard, count)
            WHERE row.task_id = own_row.task AND row.shard = own_row.shard AND own_row.count > 0;
        IF current_setting('synchronous_commit') = 'off' THEN
            SET LOCAL synchronous_commit = on;
        END IF;
    END IF;
    RETURN given;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("grayscale", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=SHARDS,
            reverse_sql="ALTER TABLE grayscale_claimshard RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        ),
        migrations.RunSQL(sql=LOOK, reverse_sql="DROP FUNCTION grayscale_look"),
        migrations.RunSQL(sql=TAKE, reverse_sql="DROP FUNCTION grayscale_take"),
    ]
