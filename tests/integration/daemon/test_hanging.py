"""A call into the token's library that does not come back (I16)."""
from conftest import CONFIG

from tests.support.shim import MODULE, REAL, Shim


def test_a_call_that_hangs_in_the_tokens_library_does_not_hold_the_end(daemon):
    """I16"""
    shim = Shim(daemon.folder / "shim-control")
    daemon.environment |= shim.environment
    daemon.config.write_text(CONFIG.replace(REAL, str(MODULE)) + "authority: {sign_deadline: 1s}\n")
    daemon.start()
    shim["hang_sign"] = 1
    daemon.client().create_certificate_authority(
        CertificateAuthorityType="ROOT",
        CertificateAuthorityConfiguration={"KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA",
                                           "Subject": {"CommonName": "hanging"}})
    daemon.wait_for(lambda: shim["hanging"] > 0, "the first signature with the new key")
    daemon.wait_for(lambda: daemon.metric('chancery_token_lost_calls_total{token="issuing"}'), "the call to be given up")
    assert daemon.ready()[0] in (200, 503)  # it answers
    assert daemon.stop() == 0
    assert int(daemon.line("leaving behind calls that do not come back from a token's library")["calls"]) >= 1
