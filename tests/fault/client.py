"""One connection of a client that signs its requests with botocore and does nothing else for them: 64 of these fit beside
the daemon on two cores, and each answer is seen as it came."""
import http.client
import json
import ssl
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

# What a client may meet while the daemon is killed and started.
ABSENCE = (OSError, http.client.HTTPException)


class Refused(Exception):
    def __init__(self, code, status, headers, message):
        super().__init__(f"{status} {code}: {message}")
        self.code, self.status, self.headers = code, status, headers


class Client:
    def __init__(self, running, profile="admin", timeout=15):
        self.url = running.endpoint + "/"
        self.auth = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*running.credentials(profile)), "acm-pca",
                                            running.environment["AWS_DEFAULT_REGION"])
        where = urllib.parse.urlsplit(self.url)
        self.connection = http.client.HTTPSConnection(where.hostname, where.port, timeout=timeout,
                                                      context=ssl.create_default_context(cafile=running.bundle))

    def call(self, operation, **members):
        """The answer's members. Throws Refused, or one of ABSENCE."""
        request = botocore.awsrequest.AWSRequest("POST", self.url, data=json.dumps(members).encode(), headers={
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"ACMPrivateCA.{operation}"})
        self.auth.add_auth(request)
        try:
            self.connection.request("POST", "/", body=request.data, headers=dict(request.headers))
            answer = self.connection.getresponse()
            body = answer.read()
        except ABSENCE:
            self.connection.close()
            raise
        parsed = json.loads(body) if body else {}
        if answer.status != 200:
            raise Refused(parsed.get("__type", "").rpartition("#")[2], answer.status, answer.headers, parsed.get("message"))
        return parsed
