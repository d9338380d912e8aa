-- Users, their roles, sessions and tokens, and who did what.
CREATE TABLE account_user (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    role        text NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
    -- Argon2id, with its salt and cost.
    password    text NOT NULL,
    created_at  timestamptz NOT NULL,
    password_at timestamptz NOT NULL
);

CREATE TABLE session (
    -- Keyed hash of what the cookie holds.
    digest     bytea PRIMARY KEY,
    user_id    bigint NOT NULL REFERENCES account_user ON DELETE CASCADE,
    address    text,
    created_at timestamptz NOT NULL,
    -- Last use, to the minute.
    seen_at    timestamptz NOT NULL,
    -- Its end, however much it is used.
    ends_at    timestamptz NOT NULL
);
CREATE INDEX session_of_user ON session (user_id);
CREATE INDEX session_ends ON session (ends_at);

CREATE TABLE api_token (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    -- Keyed hash of the whole token.
    digest     bytea NOT NULL UNIQUE,
    -- Its beginning, by which a person recognises it.
    prefix     text NOT NULL,
    scopes     text[] NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    -- NULL = it has no end.
    expires_at timestamptz,
    -- Last use, to the minute.
    used_at    timestamptz,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX api_token_name ON api_token (name) WHERE revoked_at IS NULL;

-- Tries to log in, by user and by address, both as keyed hashes.
CREATE TABLE login_attempt (
    kind     text NOT NULL CHECK (kind IN ('user', 'address')),
    key      bytea NOT NULL,
    failures integer NOT NULL,
    last_at  timestamptz NOT NULL,
    -- Until then nobody may try again.
    free_at  timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX login_attempt_last ON login_attempt (last_at);

-- How long the audit log is kept: one row.
CREATE TABLE audit_keeping (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    keep_days integer NOT NULL DEFAULT 730 CHECK (keep_days >= 30)
);
INSERT INTO audit_keeping DEFAULT VALUES;

CREATE TABLE audit_entry (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'token', 'command_line', 'hub')),
    actor      text NOT NULL,
    address    text,
    action     text NOT NULL,
    subject    text NOT NULL,
    before     jsonb,
    after      jsonb
);
CREATE INDEX audit_entry_at ON audit_entry (at, id);
CREATE INDEX audit_entry_actor ON audit_entry (actor, id);
CREATE INDEX audit_entry_action ON audit_entry (action, id);
CREATE INDEX audit_entry_subject ON audit_entry (subject, id);

-- What somebody did stays as it was written; only what is older than the log is kept may go.
CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - make_interval(days => (SELECT keep_days FROM audit_keeping)) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_stays();
CREATE TRIGGER audit_entry_stays_whole BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_stays();
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_stays;
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_stays_whole;
