"""Clients that issue as fast as they may, repeat what was not answered, and remember everything that they were told."""
import sqlite3
import threading
import time

import botocore.exceptions

# What a client may meet while the daemon is killed and started: no connection, or "not now".
ABSENCE = (botocore.exceptions.ConnectionError, botocore.exceptions.ConnectionClosedError, botocore.exceptions.SSLError)
NOT_NOW = {"ServiceUnavailable", "ThrottlingException"}


class Load:
    def __init__(self, running, threads=4):
        self.running = running
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.accepted = {}       # CertificateArn -> idempotency token
        self.delivered = {}      # CertificateArn -> PEM
        self.unanswered = set()  # tokens whose first request got no answer
        self.absences = 0
        self.errors = []         # anything that is neither absence nor "not now"
        self.csrs = [running.csr(f"/CN=load-{i}.example") for i in range(threads)]
        self.threads = [threading.Thread(target=self.work, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, index):
        client = self.running.boto(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=15)
        number = 0
        while not self.stopping.is_set():
            number += 1
            token = f"load-{index}-{number}"
            arn = self.asked_until_answered(token, lambda: client.issue_certificate(
                CertificateAuthorityArn=self.running.ca_arn, Csr=self.csrs[index], SigningAlgorithm="SHA256WITHECDSA",
                Validity={"Value": 1, "Type": "DAYS"}, IdempotencyToken=token)["CertificateArn"])
            if arn is None:
                continue
            with self.lock:
                self.accepted[arn] = token
            pem = self.asked(None, lambda: client.get_certificate(CertificateAuthorityArn=self.running.ca_arn,
                                                                  CertificateArn=arn)["Certificate"])
            if pem is not None:
                with self.lock:
                    self.delivered[arn] = pem

    def asked_until_answered(self, token, request, patience=60):
        """The same request again until it is answered, as an SDK does; also after the load was told to stop."""
        end = time.monotonic() + patience
        answer = self.asked(token, request)
        while answer is None and token in self.unanswered and time.monotonic() < end:
            time.sleep(0.05)
            answer = self.asked(token, request)
        return answer

    def asked(self, token, request):
        try:
            return request()
        except ABSENCE:
            with self.lock:
                self.absences += 1
                if token is not None:
                    self.unanswered.add(token)
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            with self.lock:
                if code in NOT_NOW:
                    if token is not None:
                        self.unanswered.add(token)
                elif code != "RequestInProgressException" or token is not None:
                    self.errors.append(str(error))
        except botocore.exceptions.BotoCoreError as error:
            with self.lock:
                self.errors.append(repr(error))
        return None

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def check_everything_told_is_true(running, load):
    """I1: what was accepted is issued in the end, what was delivered is what the store holds. I12: one row for each token,
    however often it was asked. I5: rows equal events."""
    client = running.boto()

    def all_issued():
        for arn in list(load.accepted):
            try:
                client.get_certificate(CertificateAuthorityArn=running.ca_arn, CertificateArn=arn)
            except client.exceptions.RequestInProgressException:
                return False
        return True

    running.wait_for(all_issued, "every accepted certificate to be issued")
    for arn, pem in load.delivered.items():
        now = client.get_certificate(CertificateAuthorityArn=running.ca_arn, CertificateArn=arn)["Certificate"]
        assert now == pem
    assert not load.errors, load.errors[:5]

    with sqlite3.connect(f"file:{running.folder / 'ledger/ledger.db'}?mode=ro", uri=True) as store:
        serials = {}
        for token, serial in store.execute("SELECT idempotency_token, lower(hex(serial)) FROM certificates"):
            serials.setdefault(token, []).append(serial)
        for arn, token in load.accepted.items():
            assert serials[token] == [arn.rsplit("/", 1)[1]], f"{token} has {serials[token]}, the client was told {arn}"
        assert all(len(rows) == 1 for token, rows in serials.items() if token.startswith("load-"))
        check_rows_equal_events(store)


def check_rows_equal_events(store):
    """I2, I5: every row has its intent and its outcome in the audit log, which has no gap."""
    lines = [row[0] for row in store.execute("SELECT line FROM audit ORDER BY seq")]
    counted = {kind: sum(f'"type":"certificate.{kind}"' in line for line in lines) for kind in ("pending", "issued", "failed")}
    rows, serials, waiting, failed = store.execute(
        "SELECT count(*), count(DISTINCT serial), count(*) FILTER (WHERE state = 'P'), "
        "count(*) FILTER (WHERE state = 'F') FROM certificates").fetchone()
    assert rows == serials == counted["pending"]
    assert counted["issued"] == rows - waiting - failed and counted["failed"] == failed
    first, last = store.execute("SELECT min(seq), max(seq) FROM audit").fetchone()
    assert last - first + 1 == len(lines)
