#include "ca/ledger/sqlite/schema.hpp"

#include <iterator>

namespace ca::sqlite {
namespace {

// Times: *_at and *_until in milliseconds since 1970, not_before and not_after in seconds.
// States are one letter, so that a row keeps its size, and its place, when its state changes.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE authorities (
  authority INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  partition TEXT NOT NULL,
  region TEXT NOT NULL,
  account TEXT NOT NULL,
  type TEXT NOT NULL,
  key_algorithm TEXT NOT NULL,
  signing_algorithm TEXT NOT NULL,
  status TEXT NOT NULL,
  subject_der BLOB NOT NULL,
  configuration_json TEXT NOT NULL,
  revocation_json TEXT NOT NULL,
  tags_json TEXT NOT NULL,
  usage_mode TEXT NOT NULL,
  key_storage_security_standard TEXT NOT NULL,
  key_token TEXT NOT NULL,
  key_uri TEXT NOT NULL,
  spki_der BLOB NOT NULL,
  csr_der BLOB NOT NULL,
  certificate_der BLOB NOT NULL,
  certificate_pem TEXT NOT NULL,
  chain_pem TEXT NOT NULL,
  not_before INTEGER,
  not_after INTEGER,
  created_at INTEGER NOT NULL,
  last_state_change_at INTEGER NOT NULL,
  failure_reason TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT;
CREATE INDEX authorities_by_creation ON authorities (account, region, created_at, id);

CREATE TABLE certificates (
  certificate INTEGER PRIMARY KEY,
  issuer INTEGER NOT NULL REFERENCES authorities (authority),
  serial BLOB NOT NULL CHECK (length(serial) = 16),
  state TEXT NOT NULL CHECK (state IN ('P', 'I', 'F', 'R')),
  self_signed INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  requested_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revocation_reason INTEGER,
  failure_reason TEXT,
  claimed_by TEXT,
  claimed_until INTEGER,
  template_name TEXT NOT NULL,
  signing_algorithm TEXT NOT NULL,
  account TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  request_id TEXT NOT NULL,
  device_id TEXT,
  idempotency_token TEXT NOT NULL,
  key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),
  subject TEXT NOT NULL,
  tbs_der BLOB NOT NULL,
  UNIQUE (issuer, serial)
) STRICT;
CREATE INDEX certificates_pending ON certificates (certificate) WHERE state = 'P';
CREATE INDEX certificates_by_expiry ON certificates (account, not_after, serial) WHERE state = 'I';
CREATE INDEX certificates_by_device_key ON certificates (issuer, device_id, key_hash) WHERE device_id IS NOT NULL;
CREATE INDEX certificates_by_device ON certificates (account, device_id) WHERE device_id IS NOT NULL;

-- Apart from its intent, so that finishing a certificate appends here instead of growing a row in the middle.
CREATE TABLE signed_certificates (
  certificate INTEGER PRIMARY KEY REFERENCES certificates (certificate),
  issued_at INTEGER NOT NULL,
  der BLOB NOT NULL CHECK (length(der) > 0)
) STRICT;

CREATE TABLE idempotency (
  scope TEXT NOT NULL,
  token TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  authority INTEGER NOT NULL REFERENCES authorities (authority),
  serial BLOB,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('P', 0), ('I', 0), ('F', 0), ('R', 0);

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  line TEXT NOT NULL,
  leaf BLOB NOT NULL CHECK (length(leaf) = 32)
) STRICT;
CREATE TABLE audit_head (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  log TEXT NOT NULL,
  size INTEGER NOT NULL,
  frontier BLOB NOT NULL,
  -- An earlier, near head: a start-up recomputes from here to the end and compares.
  base_size INTEGER NOT NULL,
  base_frontier BLOB NOT NULL,
  last_time INTEGER NOT NULL,
  commits INTEGER NOT NULL,
  settled INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_keeps_its_lines BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit lines are never changed'); END;
CREATE TRIGGER audit_loses_no_lines BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit lines are never deleted'); END;
CREATE TRIGGER certificates_are_kept BEFORE DELETE ON certificates
BEGIN SELECT RAISE(ABORT, 'certificates are never deleted'); END;
CREATE TRIGGER intents_are_kept
BEFORE UPDATE OF certificate, issuer, serial, not_before, not_after, key_hash, tbs_der ON certificates
BEGIN SELECT RAISE(ABORT, 'the intent of a certificate is never changed'); END;
CREATE TRIGGER signed_certificates_keep_their_bytes BEFORE UPDATE ON signed_certificates
BEGIN SELECT RAISE(ABORT, 'signed certificates are never changed'); END;
CREATE TRIGGER signed_certificates_are_kept BEFORE DELETE ON signed_certificates
BEGIN SELECT RAISE(ABORT, 'signed certificates are never deleted'); END;
)sql";

// Profiles part what one device key may have; generations tell under which of its certificates an authority
// issued; deletion with its window; what others were granted; extensions that somebody asked for. Those are a
// list in DER, and empty when there are none.
constexpr const char* kVersion2 = R"sql(
DROP INDEX authorities_by_creation;
ALTER TABLE authorities ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
UPDATE authorities SET generation = 1 WHERE length(certificate_der) > 0;
ALTER TABLE authorities ADD COLUMN deleted_from TEXT;
ALTER TABLE authorities ADD COLUMN restorable_until INTEGER;
ALTER TABLE authorities ADD COLUMN permissions_json TEXT NOT NULL DEFAULT '[]';
ALTER TABLE authorities ADD COLUMN policy_json TEXT NOT NULL DEFAULT '';
ALTER TABLE authorities ADD COLUMN csr_extensions_der BLOB NOT NULL DEFAULT x'';
ALTER TABLE certificates ADD COLUMN profile TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN passed_through_der BLOB NOT NULL DEFAULT x'';
DROP TRIGGER intents_are_kept;
CREATE TRIGGER intents_are_kept
BEFORE UPDATE OF certificate, issuer, serial, not_before, not_after, key_hash, tbs_der, passed_through_der ON certificates
BEGIN SELECT RAISE(ABORT, 'the intent of a certificate is never changed'); END;
)sql";

// Reports of what an authority has issued. The index has the rowid at its end: one issuer's rows in order of
// arrival, page by page.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE audit_reports (
  report INTEGER PRIMARY KEY,
  authority INTEGER NOT NULL REFERENCES authorities (authority),
  id TEXT NOT NULL UNIQUE,
  bucket TEXT NOT NULL,
  format TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- Until then there is no other one of this authority, unless this one fails.
  alone_until INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_reports_by_authority ON audit_reports (authority);
CREATE INDEX audit_reports_unwritten ON audit_reports (report) WHERE status = 'CREATING';
CREATE INDEX certificates_by_issuer ON certificates (issuer);
)sql";

// Series of CRLs, and who answers OCSP. The indexes hold all that a CRL says about a certificate, by serial,
// so that a CRL of a million entries reads no row.
constexpr const char* kVersion4 = R"sql(
ALTER TABLE authorities ADD COLUMN ocsp_key_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE authorities ADD COLUMN ocsp_spki_der BLOB NOT NULL DEFAULT x'';
ALTER TABLE authorities ADD COLUMN ocsp_certificate_der BLOB NOT NULL DEFAULT x'';
CREATE TABLE crls (
  crl INTEGER PRIMARY KEY,
  authority INTEGER NOT NULL REFERENCES authorities (authority),
  name TEXT NOT NULL UNIQUE,
  complete INTEGER NOT NULL,
  uri TEXT NOT NULL,
  object_key TEXT NOT NULL,
  certificates INTEGER NOT NULL DEFAULT 0,
  last_not_after INTEGER NOT NULL DEFAULT 0,
  revocations INTEGER NOT NULL DEFAULT 0,
  number INTEGER NOT NULL DEFAULT 0,
  issued_number INTEGER,
  covered INTEGER,
  entries INTEGER,
  issued_at INTEGER,
  next_update INTEGER,
  scheduled_at INTEGER,
  previous_scheduled_at INTEGER,
  sha256 BLOB
) STRICT;
CREATE INDEX crls_by_authority ON crls (authority);
CREATE TRIGGER crls_are_kept BEFORE DELETE ON crls
BEGIN SELECT RAISE(ABORT, 'series of CRLs are never deleted'); END;
CREATE TRIGGER crl_numbers_grow BEFORE UPDATE OF number, issued_number ON crls
WHEN NEW.number < OLD.number OR NEW.issued_number < OLD.issued_number
BEGIN SELECT RAISE(ABORT, 'CRL numbers never go back'); END;
ALTER TABLE certificates ADD COLUMN crl INTEGER REFERENCES crls (crl);
CREATE INDEX certificates_revoked ON certificates (issuer, serial, not_after, revoked_at, revocation_reason)
WHERE state = 'R';
CREATE INDEX certificates_revoked_by_crl ON certificates (crl, serial, not_after, revoked_at, revocation_reason)
WHERE state = 'R' AND crl IS NOT NULL;
CREATE TRIGGER revocations_are_kept BEFORE UPDATE OF state, crl ON certificates
WHEN OLD.state = 'R' OR NEW.crl IS NOT OLD.crl
BEGIN SELECT RAISE(ABORT, 'a revocation, and the CRL of a certificate, are never changed'); END;
)sql";

// Where certificates say that their CRL is. What was given before is known from the configuration as it is
// and as the audit log has it; what ends later than it says is only published for longer.
constexpr const char* kVersion5 = R"sql(
CREATE TABLE crl_places (
  place INTEGER PRIMARY KEY,
  crl INTEGER NOT NULL REFERENCES crls (crl),
  bucket TEXT NOT NULL,
  object_key TEXT NOT NULL,
  last_not_after INTEGER NOT NULL,
  UNIQUE (crl, bucket, object_key)
) STRICT;
CREATE TRIGGER crl_places_are_kept BEFORE DELETE ON crl_places
BEGIN SELECT RAISE(ABORT, 'places of CRLs are never deleted'); END;
CREATE TRIGGER crl_places_stay
BEFORE UPDATE ON crl_places
WHEN NEW.crl <> OLD.crl OR NEW.bucket <> OLD.bucket OR NEW.object_key <> OLD.object_key
  OR NEW.last_not_after < OLD.last_not_after
BEGIN SELECT RAISE(ABORT, 'a place of a CRL is never changed, and ends no sooner'); END;
INSERT INTO crl_places (crl, bucket, object_key, last_not_after)
WITH changes (line) AS MATERIALIZED (
  SELECT line FROM audit WHERE line LIKE '%"type":"authority.updated"%'
), texts (authority, text) AS (
  SELECT authority, revocation_json FROM authorities
  UNION
  SELECT a.authority, json_extract(u.line, '$.detail.revocation')
  FROM changes u JOIN authorities a ON json_extract(u.line, '$.authority') = 'arn:' || a.partition ||
    ':acm-pca:' || a.region || ':' || a.account || ':certificate-authority/' || a.id
), configured (authority, crl) AS (
  SELECT authority, json_extract(text, '$.CrlConfiguration') FROM texts
  WHERE CASE WHEN json_valid(text) THEN json_extract(text, '$.CrlConfiguration.Enabled') END
), known (authority, bucket, folder) AS (
  SELECT authority, coalesce(json_extract(crl, '$.S3BucketName'), ''),
    coalesce(json_extract(crl, '$.CustomPath'), 'crl') FROM configured
), series AS (SELECT * FROM crls WHERE certificates > 0)
SELECT l.crl, '', l.object_key, l.last_not_after FROM series l
UNION
SELECT l.crl, k.bucket, l.object_key, l.last_not_after FROM series l JOIN known k USING (authority)
UNION
SELECT l.crl, k.bucket, k.folder || '/' || l.name || '.crl', l.last_not_after
FROM series l JOIN known k USING (authority) WHERE l.complete;
)sql";

// The keys of an authority beside the one that issues.
constexpr const char* kVersion6 = R"sql(
ALTER TABLE authorities ADD COLUMN key_number INTEGER NOT NULL DEFAULT 1;
ALTER TABLE authorities ADD COLUMN last_key_number INTEGER NOT NULL DEFAULT 1;
CREATE TABLE authority_keys (
  authority INTEGER NOT NULL REFERENCES authorities (authority),
  number INTEGER NOT NULL,
  token TEXT NOT NULL,
  uri TEXT NOT NULL,
  spki_der BLOB NOT NULL,
  csr_der BLOB NOT NULL,
  certificate_der BLOB NOT NULL,
  certificate_pem TEXT NOT NULL,
  chain_pem TEXT NOT NULL,
  not_before INTEGER,
  not_after INTEGER,
  ocsp_key_uri TEXT NOT NULL,
  ocsp_spki_der BLOB NOT NULL,
  ocsp_certificate_der BLOB NOT NULL,
  retired_at INTEGER,
  PRIMARY KEY (authority, number)
) STRICT;
ALTER TABLE crls ADD COLUMN key_number INTEGER NOT NULL DEFAULT 1;
ALTER TABLE certificates ADD COLUMN key_number INTEGER NOT NULL DEFAULT 1;
DROP TRIGGER intents_are_kept;
CREATE TRIGGER intents_are_kept
BEFORE UPDATE OF certificate, issuer, serial, not_before, not_after, key_hash, tbs_der, passed_through_der, key_number
ON certificates
BEGIN SELECT RAISE(ABORT, 'the intent of a certificate is never changed'); END;
)sql";

// Step n brings version n to n + 1. A landed step is never edited: the next change is the next step.
constexpr const char* kSteps[] = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5, kVersion6};

std::int64_t stored_version(Session& session, const std::string& path) {
  if (!session.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'").next()) {
    if (session.query("SELECT 1 FROM sqlite_master LIMIT 1").next()) {
      throw StoreFault{SQLITE_NOTADB, path + ": is an SQLite database of another program, not a ledger"};
    }
    session.connection().execute(
        "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT");
    return 0;
  }
  auto row = session.query("SELECT coalesce(max(version), 0) FROM schema_version");
  return row.next() ? row.integer(0) : 0;
}

}  // namespace

const int kSchemaVersion = static_cast<int>(std::size(kSteps));

void migrate(Session& session, const std::string& path, std::int64_t now_ms) {
  Connection& connection = session.connection();
  for (;;) {
    connection.execute("BEGIN IMMEDIATE");
    const std::int64_t version = stored_version(session, path);
    if (version > kSchemaVersion) {
      throw StoreFault{SQLITE_ERROR, path + ": has schema version " + std::to_string(version) +
                                         ", this build knows up to " + std::to_string(kSchemaVersion) +
                                         ": start the newer build that wrote it"};
    }
    if (version == kSchemaVersion) {
      connection.execute("COMMIT");
      return;
    }
    connection.execute(kSteps[version]);
    session.run("INSERT INTO schema_version (version, applied_at) VALUES (?1, ?2)", version + 1, now_ms);
    connection.execute("COMMIT");
  }
}

}  // namespace ca::sqlite
