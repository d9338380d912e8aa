ALTER TABLE event DROP CONSTRAINT event_source_check,
    ADD CONSTRAINT event_source_check CHECK (source IN ('webhook', 'poll', 'manual', 'replay', 'backfill'));

-- Work on all of a sync's people, page by page, in the sync's lane: the last one of each kind.
CREATE TABLE backfill (
    sync_id       bigint NOT NULL REFERENCES sync ON DELETE CASCADE,
    -- preview: what a backfill would write; drift: how far both sides are apart. Neither writes anything.
    kind          text NOT NULL CHECK (kind IN ('backfill', 'reconcile', 'preview', 'drift')),
    lane_id       bigint NOT NULL REFERENCES lane ON DELETE CASCADE,
    state         text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'done', 'failed', 'cancelled')),
    -- Calls, forms and texts since then; NULL = as far back as usual.
    since         timestamptz,
    -- Of a drift: as many people as that, at random; NULL = all.
    sample        integer,
    -- Which list is read, and how far; empty = the first one, from its beginning.
    phase         text NOT NULL DEFAULT '',
    cursor        jsonb NOT NULL DEFAULT '{}',
    -- Records read and there in all, by phase.
    progress      jsonb NOT NULL DEFAULT '{}',
    -- What became of events up to `counted`: assignments by end, writes by operation.
    tally         jsonb NOT NULL DEFAULT '{}',
    counted       bigint NOT NULL DEFAULT 0,
    calls         bigint NOT NULL DEFAULT 0,
    report        jsonb,
    -- Rises with each page, so that of two workers one alone can store it.
    version       bigint NOT NULL DEFAULT 1,
    due_at        timestamptz NOT NULL DEFAULT now(),
    failures      integer NOT NULL DEFAULT 0,
    reason        text,
    started_at    timestamptz NOT NULL DEFAULT now(),
    -- Of the time since, what it was paused.
    paused_at     timestamptz,
    paused_s      double precision NOT NULL DEFAULT 0,
    ended_at      timestamptz,
    PRIMARY KEY (sync_id, kind)
);
CREATE INDEX backfill_due ON backfill (lane_id, due_at) WHERE state = 'running';

-- What a preview found that would be written.
CREATE TABLE preview_write (
    sync_id   bigint NOT NULL REFERENCES sync ON DELETE CASCADE,
    number    bigint NOT NULL,
    side      text NOT NULL CHECK (side IN ('nimbata', 'contacts_api')),
    operation text NOT NULL,
    method    text NOT NULL,
    path      text NOT NULL,
    -- The side's own id of what it is about, or in its way; "new-7" where only the side can give one.
    record_id text,
    -- A creation that is answered with the record that is there, which is how that one is looked for.
    refused   boolean NOT NULL DEFAULT false,
    body      bytea NOT NULL,
    seal      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (sync_id, number)
);
