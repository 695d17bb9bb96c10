"""Clients that issue as fast as they may and remember everything that they were told."""
import threading

import botocore.exceptions


class Load:
    def __init__(self, running, threads=4):
        self.running = running
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.accepted = {}    # CertificateArn -> idempotency token
        self.delivered = {}   # CertificateArn -> PEM
        self.errors = []
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
            try:
                arn = client.issue_certificate(
                    CertificateAuthorityArn=self.running.ca_arn, Csr=self.csrs[index], SigningAlgorithm="SHA256WITHECDSA",
                    Validity={"Value": 1, "Type": "DAYS"}, IdempotencyToken=token)["CertificateArn"]
                with self.lock:
                    self.accepted[arn] = token
                pem = client.get_certificate(CertificateAuthorityArn=self.running.ca_arn, CertificateArn=arn)["Certificate"]
                with self.lock:
                    self.delivered[arn] = pem
            except botocore.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "RequestInProgressException":
                    with self.lock:
                        self.errors.append(str(error))
            except botocore.exceptions.BotoCoreError as error:  # the daemon is gone for a moment
                with self.lock:
                    self.errors.append(type(error).__name__)
                self.stopping.wait(0.05)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def check_everything_told_is_true(running, load):
    """I1: what was accepted is issued in the end, what was delivered is what the store holds; I5: rows equal events."""
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
