-- What user-made HTTP may reach though it is not public, or at a port that needs permission.
CREATE TABLE outward_entry (
    -- "host", "host:port", "10.1.2.0/24", "10.1.2.0/24:8080".
    entry    text PRIMARY KEY,
    reason   text NOT NULL,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);
