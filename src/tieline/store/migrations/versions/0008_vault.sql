-- Keys that are wrapped by other keys, and people who were erased.
CREATE TABLE vault_key (
    -- What stands in `seal` of an event, and in front of a credential.
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purpose    text NOT NULL CHECK (purpose IN ('credentials', 'look_ups', 'persons', 'own_items', 'inbox')),
    version    integer NOT NULL DEFAULT 1,
    -- Of an inbox key: the day (UTC) whose events it seals.
    day        date,
    -- Under the master key; NULL = dropped, and what it sealed is gone.
    wrapped    bytea,
    -- Which master key that is: its fingerprint.
    master     bytea NOT NULL,
    state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retiring', 'dropped')),
    created_at timestamptz NOT NULL DEFAULT now(),
    dropped_at timestamptz,
    CHECK ((day IS NOT NULL) = (purpose = 'inbox')),
    CHECK ((wrapped IS NULL) = (state = 'dropped'))
);
CREATE UNIQUE INDEX vault_key_version ON vault_key (purpose, version) WHERE day IS NULL;
CREATE UNIQUE INDEX vault_key_day ON vault_key (day) WHERE day IS NOT NULL;

-- A person's key, under the key of persons. It seals link, item, history, effect and conflict, whose `seal` is then the
-- person's number. Here and not in a table of its own: a new person is one row, and whoever finds a link has it.
ALTER TABLE person ADD COLUMN key bytea;

-- By what an erased person would be found: keyed hashes alone.
CREATE TABLE tombstone (
    digest    bytea NOT NULL,
    -- 0 = everywhere (phone, e-mail); a record's id means its own account alone.
    lane_id   bigint NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (digest, lane_id)
);
