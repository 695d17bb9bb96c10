"""POST /provision with curl's own SigV4."""
import json


def post(running, body, *arguments, profile="provisioner"):
    status, text = running.curl("/provision", "-H", "Content-Type: application/json", "--data-binary", json.dumps(body),
                                *arguments, profile=profile)
    return status, json.loads(text)


def test_a_device_gets_its_certificate_and_gets_it_again(running):
    csr = running.csr("/CN=SN-777")
    status, first = post(running, {"device_id": "SN-777", "csr": csr})
    assert status == 200, first
    running.verify(first["certificate"], first["chain"])
    assert len(first["serial"].split(":")) == 16 and first["expires_at"].endswith("Z")
    status, again = post(running, {"device_id": "SN-777", "csr": csr})
    assert status == 200 and again["certificate"] == first["certificate"]
    status, polled = 0, running.curl("/provision/" + first["serial"].replace(":", ""))
    assert polled[0] == 200 and json.loads(polled[1])["certificate"] == first["certificate"]


def test_a_name_that_is_not_the_device_s_is_refused(running):
    for subject, extra in [("/CN=SN-1", ()), ("/CN=SN-9", ("-addext", "subjectAltName=DNS:admin.example")),
                           ("/CN=SN-9/O=Example", ())]:
        status, problem = post(running, {"device_id": "SN-9", "csr": running.csr(subject, extra=extra)})
        assert status == 403, problem
        assert problem["status"] == 403 and problem["detail"]


def test_bad_input_costs_an_error_and_nothing_else(running):
    good = running.csr("/CN=SN-8")
    for body, expected in [({"device_id": "SN-8"}, {400, 422}), ({"device_id": "*", "csr": good}, {400, 422}),
                           ({"device_id": "SN-8", "csr": "x"}, {400, 422}), ({"device_id": 8, "csr": good}, {400, 422}),
                           ({"device_id": "SN-8", "csr": good, "extra": 1}, {400, 422})]:
        status, problem = post(running, body)
        assert status in expected, problem
        assert problem["detail"]
    status, problem = post(running, {"device_id": "SN-8", "csr": good}, profile="auditor")
    assert status == 403
    status, answer = post(running, {"device_id": "SN-8", "csr": good})
    assert status == 200
