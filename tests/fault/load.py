"""Clients that issue as fast as they may, repeat what was not answered, and remember everything that they were told."""
import base64
import collections
import sqlite3
import threading
import time

from tests.fault.client import ABSENCE, Client, Refused

# "Not now": the same request may be sent again.
NOT_NOW = {"ServiceUnavailable": 503, "ThrottlingException": 400}
POLLS = 4  # of a certificate that is not there yet


class Load:
    def __init__(self, running, threads=4, pace=0, authorities=None, allowed=None):
        """`pace`: seconds between two requests of one client. `allowed`: what may be answered beside the certificate and "not
        now", for each authority; {"InvalidStateException"} after its key was spoilt, for instance."""
        self.running = running
        self.pace = pace
        self.authorities = authorities or [running.ca_arn]
        self.allowed = allowed or {}
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.accepted = {}       # CertificateArn -> idempotency token
        self.delivered = {}      # CertificateArn -> PEM
        self.delivered_at = []   # monotonic ns, authority
        self.unanswered = set()  # tokens whose first request got no answer
        self.absences = 0
        self.answers = collections.Counter()  # operation, "ok" or the error's name
        self.slowest = 0
        self.errors = []         # anything that is neither absence nor allowed
        self.name = f"load-{time.monotonic_ns()}"
        self.csr = base64.b64encode(running.csr("/CN=load.example").encode()).decode()
        self.threads = [threading.Thread(target=self.work, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, index):
        client = Client(self.running)
        authority = self.authorities[index % len(self.authorities)]
        number = 0
        while not self.stopping.is_set():
            number += 1
            token = f"{self.name}-{index}-{number}"
            arn = self.asked_until_answered(client, authority, token)
            if arn is not None:
                with self.lock:
                    self.accepted[arn] = token
                self.fetch(client, authority, arn)
            self.stopping.wait(self.pace)

    def fetch(self, client, authority, arn):
        """Asks for the certificate a few times, as a client with other work does. The rest is seen at the end."""
        for _ in range(POLLS if self.pace else 1):
            answer, in_progress = self.asked(client, authority, "GetCertificate", CertificateArn=arn)
            if answer is not None:
                with self.lock:
                    self.delivered[arn] = answer["Certificate"]
                    self.delivered_at.append((time.monotonic_ns(), authority))
            if not in_progress or self.stopping.wait(self.pace):
                return

    def asked_until_answered(self, client, authority, token, patience=60):
        """The same request again until it is answered, as an SDK does; also after the load was told to stop."""
        end = time.monotonic() + patience
        while True:
            answer, again = self.asked(client, authority, "IssueCertificate", Csr=self.csr, SigningAlgorithm="SHA256WITHECDSA",
                                       Validity={"Value": 1, "Type": "DAYS"}, IdempotencyToken=token)
            if again:
                with self.lock:
                    self.unanswered.add(token)
            if not again or time.monotonic() > end:
                return answer and answer["CertificateArn"]
            time.sleep(max(self.pace, 0.05))

    def asked(self, client, authority, operation, **members):
        """(answer or None, whether the same request may be sent again)."""
        start = time.monotonic()
        try:
            answer = client.call(operation, CertificateAuthorityArn=authority, **members)
            self.note(operation, "ok", start)
            return answer, False
        except ABSENCE:
            with self.lock:
                self.absences += 1
            return None, True
        except Refused as refused:
            self.note(operation, refused.code, start)
            if NOT_NOW.get(refused.code) == refused.status and (refused.status != 503 or "Retry-After" in refused.headers):
                return None, True
            if operation == "GetCertificate" and refused.code == "RequestInProgressException":
                return None, True
            if refused.code not in self.allowed.get(authority, ()):
                with self.lock:
                    self.errors.append(f"{operation}: {refused}")
            return None, False

    def note(self, operation, result, start):
        with self.lock:
            self.answers[operation, result] += 1
            self.slowest = max(self.slowest, time.monotonic() - start)

    def delivers(self, count, authority=None, seconds=60):
        """Waits for so many more certificates, of that authority."""
        def so_far():
            with self.lock:
                return sum(authority in (None, of) for _, of in self.delivered_at)
        wanted = so_far() + count
        self.running.wait_for(lambda: so_far() >= wanted or self.errors, f"{count} certificates more", seconds)
        assert not self.errors, self.errors[:5]

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def check_everything_told_is_true(running, load, stopped=None):
    """I1: what was accepted is issued in the end, what was delivered is what the store holds. I12: one row for each token,
    however often it was asked. I2, I5: serials are unique, rows equal events. `stopped`: an authority whose key was spoilt; its
    certificates may have ended as failed instead, and only its."""
    client = Client(running)
    ended = {}

    def all_ended():
        for arn in list(load.accepted):
            if arn not in ended:
                authority = arn.partition("/certificate/")[0]
                try:
                    ended[arn] = client.call("GetCertificate", CertificateAuthorityArn=authority, CertificateArn=arn)["Certificate"]
                except Refused as refused:
                    if refused.code != "RequestInProgressException":
                        assert authority == stopped and refused.code == "RequestFailedException", refused
                        ended[arn] = None
                        continue
                    return False
        return True

    running.wait_for(all_ended, "every accepted certificate to be issued")
    for arn, pem in load.delivered.items():
        assert ended[arn] == pem
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
    store.execute("BEGIN")  # one state for all that is compared, while the daemon goes on
    lines = [row[0] for row in store.execute("SELECT line FROM audit ORDER BY seq")]
    counted = {kind: sum(f'"type":"certificate.{kind}"' in line for line in lines) for kind in ("pending", "issued", "failed")}
    rows, serials, waiting, failed = store.execute(
        "SELECT count(*), count(DISTINCT serial), count(*) FILTER (WHERE state = 'P'), "
        "count(*) FILTER (WHERE state = 'F') FROM certificates").fetchone()
    assert rows == serials == counted["pending"]
    assert counted["issued"] == rows - waiting - failed and counted["failed"] == failed
    first, last = store.execute("SELECT min(seq), max(seq) FROM audit").fetchone()
    assert last - first + 1 == len(lines)
