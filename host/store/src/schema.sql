-- The tables, for both databases. `{text}` is text compared by bytes, `{serial}` a number that is never given twice,
-- `{by_key}` keeps rows in the order of their primary key.
CREATE TABLE accounts (
    name {text} PRIMARY KEY,
    created_at BIGINT NOT NULL
);
CREATE TABLE users (
    name {text} PRIMARY KEY,
    account {text} NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    password_hash {text} NOT NULL,
    role {text} NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX users_of_account ON users (account);
CREATE TABLE integrations (
    uuid {text} PRIMARY KEY,
    account {text} NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    registration_id {text} NOT NULL,
    registration_instance_id {text} NOT NULL,
    username {text} NOT NULL,
    document {text} NOT NULL,
    registered_at BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    health_report {text},
    UNIQUE (account, registration_id, registration_instance_id)
);
CREATE TABLE health_reports (
    id {serial},
    integration {text} NOT NULL REFERENCES integrations (uuid) ON DELETE CASCADE,
    received_at BIGINT NOT NULL,
    report {text} NOT NULL
);
CREATE INDEX health_reports_of_integration ON health_reports (integration, id);
CREATE INDEX health_reports_by_age ON health_reports (received_at);
-- `updated` and `seen`: the times of all its rows that have none of their own. `oldest`: no row that can expire was seen
-- last before. `next_item`: the number of the row that comes next. `version`: raised by every change.
CREATE TABLE contexts (
    id {serial},
    account {text} NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    inventory_type {text} NOT NULL,
    context {text} NOT NULL,
    version BIGINT NOT NULL,
    updated BIGINT,
    seen BIGINT,
    oldest BIGINT,
    next_item BIGINT NOT NULL,
    UNIQUE (account, inventory_type, context)
);
CREATE INDEX contexts_by_age ON contexts (oldest);
CREATE INDEX contexts_of_account_by_age ON contexts (account, oldest);
-- `kind`: as in the columns of the WIT. `id` is empty for images, `tag` null where there is no image. `link`, `tag` and
-- `digest` repeat what a container's attributes say, so that nobody reads JSON to decide.
CREATE TABLE items (
    context_id BIGINT NOT NULL REFERENCES contexts (id) ON DELETE CASCADE,
    n BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    id {text} NOT NULL,
    link {text} NOT NULL,
    tag {text},
    digest {text} NOT NULL,
    attributes {text} NOT NULL,
    created_at BIGINT NOT NULL,
    last_updated BIGINT,
    last_seen BIGINT,
    PRIMARY KEY (context_id, n)
){by_key};
CREATE UNIQUE INDEX items_by_key ON items (context_id, kind, id) WHERE kind <> 2;
CREATE UNIQUE INDEX images_by_key ON items (context_id, tag, digest) WHERE kind = 2;
CREATE INDEX namespaces_by_uid ON items (link) WHERE kind = 3;
CREATE INDEX images_by_digest ON items (digest) WHERE kind = 2;
CREATE TABLE removals (
    id {serial},
    account {text} NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    inventory_type {text} NOT NULL,
    context {text} NOT NULL,
    kind BIGINT NOT NULL,
    item {text} NOT NULL,
    tag {text},
    digest {text} NOT NULL,
    last_seen BIGINT NOT NULL,
    reason {text} NOT NULL,
    rule {text} NOT NULL,
    removed_at BIGINT NOT NULL,
    report {text} NOT NULL
);
CREATE INDEX removals_of_account ON removals (account, id);
CREATE INDEX removals_by_age ON removals (removed_at);
