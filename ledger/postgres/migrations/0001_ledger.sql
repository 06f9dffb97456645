-- The ledger's tables as ledger/schema.go describes them: made by `go test ./ledger/postgres -run FirstMigration -update`
-- until the first release. From then on a change of the tables is a new file beside this one, 0002_what_it_does.sql.
-- Views, comments, triggers, functions and grants are derived from the tables by Migrate: see derived.go.
-- +goose Up
CREATE TABLE revcycle.home (
  id uuid PRIMARY KEY,
  posting_month date NOT NULL
);

CREATE TABLE revcycle.month (
  posting_month date PRIMARY KEY,
  purged boolean NOT NULL DEFAULT false
);

CREATE TABLE revcycle.run_lock (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  token bigint NOT NULL,
  owner text,
  pid integer,
  client text,
  application text,
  since timestamptz,
  released boolean NOT NULL
);

INSERT INTO revcycle.run_lock (token, released) VALUES (0, true);

CREATE TABLE revcycle.derived (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  digest text NOT NULL
);

CREATE TABLE revcycle."batch" (
  "batch" bigint NOT NULL,
  "id" text COLLATE "C",
  "as_of" date,
  "edition" bytea,
  "parent" bigint,
  "reason" text COLLATE "C",
  "scope" bytea,
  "started" text COLLATE "C",
  "actor" text COLLATE "C",
  "version" text COLLATE "C",
  PRIMARY KEY ("batch")
);

CREATE TABLE revcycle."slice" (
  "batch" bigint NOT NULL,
  "payer" text COLLATE "C" NOT NULL,
  "digest" bytea,
  PRIMARY KEY ("batch", "payer")
);

CREATE TABLE revcycle."claim" (
  "id" uuid NOT NULL,
  "batch" bigint,
  "control" text COLLATE "C",
  "control_norm" text COLLATE "C",
  "patient" uuid,
  "payer" text COLLATE "C",
  "billing_npi" text COLLATE "C",
  "kind" text COLLATE "C",
  "use" text COLLATE "C",
  "frequency" text COLLATE "C",
  "payer_order" text COLLATE "C",
  "service_from" date,
  "service_to" date,
  "service_month" text COLLATE "C",
  "created" date,
  "charge" bigint,
  "encounter" text COLLATE "C",
  "replaces" text COLLATE "C",
  "doc" bytea,
  "file" bytea,
  "set" bigint,
  "ordinal" bigint,
  posting_month date NOT NULL,
  PRIMARY KEY ("id", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "claim_by_control_norm" ON revcycle."claim" ("control_norm") WHERE "control_norm" IS NOT NULL;
CREATE INDEX "claim_by_patient_id" ON revcycle."claim" ("patient", "id") WHERE "patient" IS NOT NULL;
CREATE INDEX "claim_by_encounter" ON revcycle."claim" ("encounter") WHERE "encounter" IS NOT NULL;
CREATE INDEX "claim_by_replaces" ON revcycle."claim" ("replaces") WHERE "replaces" IS NOT NULL;
CREATE INDEX "claim_by_batch_id" ON revcycle."claim" ("batch", "id") WHERE "batch" IS NOT NULL;
CREATE INDEX "claim_by_service_month_id" ON revcycle."claim" ("service_month", "id") WHERE "service_month" IS NOT NULL;
CREATE TABLE revcycle."claim_undated" PARTITION OF revcycle."claim" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."line" (
  "claim" uuid NOT NULL,
  "line_no" bigint NOT NULL,
  "control" text COLLATE "C",
  "revenue" text COLLATE "C",
  "procedure" text COLLATE "C",
  "modifiers" text COLLATE "C",
  "units" text COLLATE "C",
  "charge" bigint,
  "service_from" date,
  "service_to" date,
  posting_month date NOT NULL,
  PRIMARY KEY ("claim", "line_no", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE TABLE revcycle."line_undated" PARTITION OF revcycle."line" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."payment" (
  "id" uuid NOT NULL,
  "batch" bigint,
  "trace" text COLLATE "C",
  "payer_tin" text COLLATE "C",
  "payer" text COLLATE "C",
  "payee_npi" text COLLATE "C",
  "payee_tin" text COLLATE "C",
  "method" text COLLATE "C",
  "amount" bigint,
  "date" date,
  "claims_total" bigint,
  "plb_total" bigint,
  "held" text COLLATE "C",
  "doc" bytea,
  "file" bytea,
  "set" bigint,
  posting_month date NOT NULL,
  PRIMARY KEY ("id", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "payment_by_trace" ON revcycle."payment" ("trace") WHERE "trace" IS NOT NULL;
CREATE INDEX "payment_by_batch_id" ON revcycle."payment" ("batch", "id") WHERE "batch" IS NOT NULL;
CREATE INDEX "payment_by_held" ON revcycle."payment" ("held") WHERE "held" IS NOT NULL;
CREATE TABLE revcycle."payment_undated" PARTITION OF revcycle."payment" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."remit" (
  "id" uuid NOT NULL,
  "batch" bigint,
  "payment" uuid,
  "ordinal" bigint,
  "control" text COLLATE "C",
  "control_norm" text COLLATE "C",
  "patient" uuid,
  "payer_control" text COLLATE "C",
  "status" text COLLATE "C",
  "charge" bigint,
  "paid" bigint,
  "patient_due" bigint,
  "service_from" date,
  "date" date,
  "held" text COLLATE "C",
  "doc" bytea,
  posting_month date NOT NULL,
  PRIMARY KEY ("id", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "remit_by_payment_ordinal" ON revcycle."remit" ("payment", "ordinal") WHERE "payment" IS NOT NULL;
CREATE INDEX "remit_by_control_norm" ON revcycle."remit" ("control_norm") WHERE "control_norm" IS NOT NULL;
CREATE INDEX "remit_by_payer_control" ON revcycle."remit" ("payer_control") WHERE "payer_control" IS NOT NULL;
CREATE INDEX "remit_by_batch_id" ON revcycle."remit" ("batch", "id") WHERE "batch" IS NOT NULL;
CREATE TABLE revcycle."remit_undated" PARTITION OF revcycle."remit" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."adjustment" (
  "document" uuid NOT NULL,
  "seq" bigint NOT NULL,
  "batch" bigint,
  "level" text COLLATE "C",
  "line_no" bigint,
  "group_code" text COLLATE "C",
  "carc" text COLLATE "C",
  "plb_code" text COLLATE "C",
  "reference" text COLLATE "C",
  "amount" bigint,
  "quantity" text COLLATE "C",
  "rarcs" text COLLATE "C",
  posting_month date NOT NULL,
  PRIMARY KEY ("document", "seq", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE TABLE revcycle."adjustment_undated" PARTITION OF revcycle."adjustment" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."encounter" (
  "id" uuid NOT NULL,
  "batch" bigint,
  "source" text COLLATE "C",
  "number" text COLLATE "C",
  "account" text COLLATE "C",
  "facility" text COLLATE "C",
  "provider" text COLLATE "C",
  "payer" text COLLATE "C",
  "class" text COLLATE "C",
  "status" text COLLATE "C",
  "service_from" date,
  "service_to" date,
  "service_month" text COLLATE "C",
  "cost" bigint,
  "doc" bytea,
  posting_month date NOT NULL,
  PRIMARY KEY ("id", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "encounter_by_number" ON revcycle."encounter" ("number") WHERE "number" IS NOT NULL;
CREATE INDEX "encounter_by_batch_id" ON revcycle."encounter" ("batch", "id") WHERE "batch" IS NOT NULL;
CREATE INDEX "encounter_by_service_month_id" ON revcycle."encounter" ("service_month", "id") WHERE "service_month" IS NOT NULL;
CREATE TABLE revcycle."encounter_undated" PARTITION OF revcycle."encounter" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."charge" (
  "id" uuid NOT NULL,
  "batch" bigint,
  "source" text COLLATE "C",
  "number" text COLLATE "C",
  "claim_control" text COLLATE "C",
  "encounter" text COLLATE "C",
  "procedure" text COLLATE "C",
  "amount" bigint,
  "service_from" date,
  posting_month date NOT NULL,
  PRIMARY KEY ("id", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "charge_by_encounter" ON revcycle."charge" ("encounter") WHERE "encounter" IS NOT NULL;
CREATE TABLE revcycle."charge_undated" PARTITION OF revcycle."charge" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."ack" (
  "id" uuid NOT NULL,
  "batch" bigint,
  "kind" text COLLATE "C",
  "sender" text COLLATE "C",
  "receiver" text COLLATE "C",
  "answers" text COLLATE "C",
  "control_norm" text COLLATE "C",
  "verdict" text COLLATE "C",
  "date" date,
  "payer_control" text COLLATE "C",
  "doc" bytea,
  "file" bytea,
  "set" bigint,
  "ordinal" bigint,
  PRIMARY KEY ("id")
);
CREATE INDEX "ack_by_control_norm" ON revcycle."ack" ("control_norm") WHERE "control_norm" IS NOT NULL;
CREATE INDEX "ack_by_answers" ON revcycle."ack" ("answers") WHERE "answers" IS NOT NULL;
CREATE INDEX "ack_by_batch_id" ON revcycle."ack" ("batch", "id") WHERE "batch" IS NOT NULL;

CREATE TABLE revcycle."answered" (
  "ack" uuid NOT NULL,
  "claim" uuid NOT NULL,
  "batch" bigint,
  "verdict" text COLLATE "C",
  PRIMARY KEY ("ack", "claim")
);
CREATE INDEX "answered_by_claim" ON revcycle."answered" ("claim") WHERE "claim" IS NOT NULL;
CREATE INDEX "answered_by_batch_claim" ON revcycle."answered" ("batch", "claim") WHERE "batch" IS NOT NULL;
CREATE INDEX "answered_by_verdict" ON revcycle."answered" ("verdict") WHERE "verdict" IS NOT NULL;

CREATE TABLE revcycle."assessment" (
  "claim" uuid NOT NULL,
  "batch" bigint NOT NULL,
  "payer" text COLLATE "C",
  "slice" bytea,
  "read" bytea,
  "expected" bigint,
  "unpriced" text COLLATE "C",
  "contract" text COLLATE "C",
  "findings" bigint,
  "doc" bytea,
  "held" text COLLATE "C",
  posting_month date NOT NULL,
  PRIMARY KEY ("claim", "batch", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "assessment_by_batch_claim" ON revcycle."assessment" ("batch", "claim") WHERE "batch" IS NOT NULL;
CREATE INDEX "assessment_by_held" ON revcycle."assessment" ("held") WHERE "held" IS NOT NULL;
CREATE TABLE revcycle."assessment_undated" PARTITION OF revcycle."assessment" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."finding" (
  "claim" uuid NOT NULL,
  "batch" bigint NOT NULL,
  "seq" bigint NOT NULL,
  "rule" text COLLATE "C",
  "line_no" bigint,
  "severity" text COLLATE "C",
  "message" text COLLATE "C",
  "carc" text COLLATE "C",
  posting_month date NOT NULL,
  PRIMARY KEY ("claim", "batch", "seq", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE TABLE revcycle."finding_undated" PARTITION OF revcycle."finding" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."match" (
  "remit" uuid NOT NULL,
  "batch" bigint NOT NULL,
  "claim" uuid,
  "was" uuid,
  "retry" text COLLATE "C",
  "rule" text COLLATE "C",
  "state" text COLLATE "C",
  "flags" text COLLATE "C",
  "doc" bytea,
  posting_month date NOT NULL,
  PRIMARY KEY ("remit", "batch", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "match_by_claim" ON revcycle."match" ("claim") WHERE "claim" IS NOT NULL;
CREATE INDEX "match_by_was" ON revcycle."match" ("was") WHERE "was" IS NOT NULL;
CREATE INDEX "match_by_retry" ON revcycle."match" ("retry") WHERE "retry" IS NOT NULL;
CREATE INDEX "match_by_batch_claim" ON revcycle."match" ("batch", "claim") WHERE "batch" IS NOT NULL;
CREATE TABLE revcycle."match_undated" PARTITION OF revcycle."match" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."adjudged" (
  "remit" uuid NOT NULL,
  "batch" bigint NOT NULL,
  "claim" uuid,
  "state" text COLLATE "C",
  "rule" text COLLATE "C",
  "reverses" uuid,
  "reversed_by" uuid,
  "contractual" bigint,
  "denied" bigint,
  "patient" bigint,
  "other" bigint,
  "pending" bigint,
  "posts" boolean,
  posting_month date NOT NULL,
  PRIMARY KEY ("remit", "batch", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE TABLE revcycle."adjudged_undated" PARTITION OF revcycle."adjudged" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."settlement" (
  "claim" uuid NOT NULL,
  "payer" text COLLATE "C" NOT NULL,
  "batch" bigint NOT NULL,
  "seq" bigint,
  "state" text COLLATE "C",
  "charge" bigint,
  "paid" bigint,
  "contractual" bigint,
  "denied" bigint,
  "patient" bigint,
  "other" bigint,
  "allowed" bigint,
  "expected" bigint,
  "is_underpaid" boolean,
  "is_overpaid" boolean,
  "has_denial" boolean,
  "doc" bytea,
  posting_month date NOT NULL,
  PRIMARY KEY ("claim", "payer", "batch", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE TABLE revcycle."settlement_undated" PARTITION OF revcycle."settlement" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."denial" (
  "id" uuid NOT NULL,
  "batch" bigint NOT NULL,
  "claim" uuid,
  "line_no" bigint,
  "payer" text COLLATE "C",
  "category" text COLLATE "C",
  "group_code" text COLLATE "C",
  "carc" text COLLATE "C",
  "rarc" text COLLATE "C",
  "root_cause" text COLLATE "C",
  "preventable" text COLLATE "C",
  "owner" text COLLATE "C",
  "next_action" text COLLATE "C",
  "kind" text COLLATE "C",
  "denied" bigint,
  "at_risk" bigint,
  "at_risk_basis" text COLLATE "C",
  "first_remit_date" date,
  "status" text COLLATE "C",
  "outcome" text COLLATE "C",
  "recovered" bigint,
  "foretold_by" text COLLATE "C",
  posting_month date NOT NULL,
  PRIMARY KEY ("id", "batch", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "denial_by_claim" ON revcycle."denial" ("claim") WHERE "claim" IS NOT NULL;
CREATE TABLE revcycle."denial_undated" PARTITION OF revcycle."denial" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."posting" (
  "entry" uuid NOT NULL,
  "move" bigint NOT NULL,
  "batch" bigint,
  "cause" text COLLATE "C",
  "debit" text COLLATE "C",
  "credit" text COLLATE "C",
  "amount" bigint,
  "posting_date" date,
  "effective_date" date,
  "claim" uuid,
  "payment" uuid,
  "remit" uuid,
  "reverses" uuid,
  "reference" text COLLATE "C",
  "reason" text COLLATE "C",
  posting_month date NOT NULL,
  PRIMARY KEY ("entry", "move", "posting_month")
) PARTITION BY RANGE (posting_month);
CREATE INDEX "posting_by_claim" ON revcycle."posting" ("claim") WHERE "claim" IS NOT NULL;
CREATE INDEX "posting_by_payment" ON revcycle."posting" ("payment") WHERE "payment" IS NOT NULL;
CREATE INDEX "posting_by_batch_entry" ON revcycle."posting" ("batch", "entry") WHERE "batch" IS NOT NULL;
CREATE TABLE revcycle."posting_undated" PARTITION OF revcycle."posting" FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

CREATE TABLE revcycle."decision" (
  "seq" bigint NOT NULL,
  "after" bigint,
  "kind" text COLLATE "C",
  "decision" text COLLATE "C",
  "subject" text COLLATE "C",
  "object" text COLLATE "C",
  "reason" text COLLATE "C",
  "at" text COLLATE "C",
  "actor" text COLLATE "C",
  PRIMARY KEY ("seq")
);
CREATE INDEX "decision_by_subject" ON revcycle."decision" ("subject") WHERE "subject" IS NOT NULL;

CREATE TABLE revcycle."published" (
  "batch" bigint NOT NULL,
  "manifest" bytea,
  PRIMARY KEY ("batch")
);

CREATE TABLE revcycle."audit" (
  "seq" bigint NOT NULL,
  "batch" bigint,
  "act" text COLLATE "C",
  "subject" text COLLATE "C",
  "detail" text COLLATE "C",
  "at" text COLLATE "C",
  "actor" text COLLATE "C",
  "seal" bytea,
  PRIMARY KEY ("seq")
);

CREATE TABLE revcycle."unit" (
  "batch" bigint NOT NULL,
  "stage" text COLLATE "C" NOT NULL,
  "key" text COLLATE "C" NOT NULL,
  "tally" bytea,
  PRIMARY KEY ("batch", "stage", "key")
);

CREATE TABLE revcycle."batch_end" (
  "batch" bigint NOT NULL,
  "exit" bigint,
  "summary" bytea,
  "ended" text COLLATE "C",
  PRIMARY KEY ("batch")
);

CREATE TABLE revcycle."file" (
  "batch" bigint NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "sha256" bytea,
  "bytes" bigint,
  "kind" text COLLATE "C",
  "duplicate_of" text COLLATE "C",
  "layout" bytea,
  PRIMARY KEY ("batch", "name")
);
CREATE INDEX "file_by_sha256" ON revcycle."file" ("sha256") WHERE "sha256" IS NOT NULL;

CREATE TABLE revcycle."file_result" (
  "batch" bigint NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "state" text COLLATE "C",
  "reason" text COLLATE "C",
  "claims" bigint,
  "remits" bigint,
  "charge" bigint,
  "paid" bigint,
  PRIMARY KEY ("batch", "name")
);

CREATE TABLE revcycle."seen" (
  "file" bytea NOT NULL,
  "set" bigint NOT NULL,
  "batch" bigint NOT NULL,
  "payment" uuid,
  "rank" text COLLATE "C",
  PRIMARY KEY ("file", "set", "batch")
);
CREATE INDEX "seen_by_payment" ON revcycle."seen" ("payment") WHERE "payment" IS NOT NULL;

CREATE TABLE revcycle."reject" (
  "id" uuid NOT NULL,
  "batch" bigint,
  "file" bytea,
  "name" text COLLATE "C",
  "unit" text COLLATE "C",
  "set" bigint,
  "code" text COLLATE "C",
  "segment" text COLLATE "C",
  "element" text COLLATE "C",
  "ordinal" bigint,
  "byte" bigint,
  "message" text COLLATE "C",
  PRIMARY KEY ("id")
);
