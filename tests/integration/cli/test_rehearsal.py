"""scripts/ceremony: the whole rehearsal, and rotation."""
import re
import subprocess

import pytest

from ceremony_table import ALL, Table, now, without_network
from conftest import SOURCE


@pytest.fixture
def table(bench):
    return Table(bench)


def test_the_rehearsal_runs_from_the_sample_script(bench):
    done = bench.finished([SOURCE / "scripts/ceremony/rehearse", SOURCE / "config/samples/ceremony-root.yaml",
                           bench.folder / "rehearsal"])
    assert done.code == 0, done.out + done.err
    assert done.out.count("this is the transcript of a REHEARSAL") == 2
    again = bench.finished([SOURCE / "scripts/ceremony/rehearse", SOURCE / "config/samples/ceremony-root.yaml",
                            bench.folder / "rehearsal"])
    assert again.code == 1 and "has a rehearsal already" in again.err


def rehearsed(bench, text, folder="elsewhere"):
    """The rehearsal of a script that lies alone in a folder: no key, no request, no token of the real ceremony."""
    script = bench.folder / folder / "ceremony.yaml"
    script.parent.mkdir()
    script.write_text(text)
    done = bench.finished([SOURCE / "scripts/ceremony/rehearse", script, bench.folder / folder / "rehearsal"])
    assert done.code == 0, done.out + done.err
    assert sorted(path.name for path in script.parent.iterdir()) == ["ceremony.yaml", "rehearsal"]
    assert "REHEARSAL" in bench.openssl("x509", "-in", script.parent / "rehearsal/out-rehearsal/root/root.pem", "-noout", "-subject")
    return done


def verified(done):
    return len(re.findall("this is the (ceremony's transcript|transcript of a REHEARSAL)", done.out))


SAMPLE = (SOURCE / "config/samples/ceremony-root.yaml").read_text()


@pytest.mark.parametrize("old, new", [
    ("  - {role: custodian-1, key: keys/custodian-1.pub}", "  - role: custodian-1\n    key: 'keys/the first.pub'"),
    ("keys/custodian-2.pub", "/media/keys/../custodian-2.pub"),
    ("csr: in/subordinate.csr", f"csr: /media/request.csr\n  csr_sha256: {'ab' * 32}"),
    ("- {role: witness-1}", "- {role: witness-1, key: keys/witness.pub}"),
    ("CN=Example Root G1,O=Example,C=US", "O=Example,C=US"),
    ("CN=Example Root G1,O=Example,C=US", "O=Example,cn=Example Root G1"),
    ("CN=Example Root G1", "CN=" + "Long " * 12 + "Root"),
    ("/usr/lib/softhsm/libsofthsm2.so", "/opt/vendor/lib/libcryptoki.so"),
    ("model: SoftHSM v2 ", "model: LunaK7 "),
], ids=["block", "elsewhere", "hash", "witness", "no-name", "lower", "long", "module", "model"])
def test_every_valid_script_can_be_rehearsed(bench, old, new):
    assert old in SAMPLE
    assert verified(rehearsed(bench, SAMPLE.replace(old, new))) == 2


def test_a_script_without_a_subordinate_is_rehearsed_as_far_as_it_goes(bench):
    text = re.sub(r"sign_subordinate:\n(  .*\n)+", "", SAMPLE)
    assert verified(rehearsed(bench, text)) == 1


def test_an_hsm_with_a_quorum_of_its_own_is_rehearsed_with_a_pin_of_its_own(bench):
    text = SAMPLE.replace("pin: shares ", "pin: own ").replace("# interfaces:", "interfaces:").replace("shares: shares", "# shares: shares")
    done = rehearsed(bench, text)
    assert verified(done) == 2 and "no share exists" in done.out
    assert not list((bench.folder / "elsewhere").rglob("*.share"))


def test_show_prints_a_script_that_says_the_same(bench):
    script = bench.folder / "ceremony.yaml"
    script.write_text(SAMPLE)
    first = bench.run("ceremony", "show", "--script", script, "--output", "json")
    written = bench.folder / "ceremony.json"
    written.write_text(first.out)
    assert bench.run("ceremony", "show", "--script", written, "--output", "json").json() == first.json()
    said = first.json()
    assert said["custodians"][2] == {"role": "custodian-3", "key": str(bench.folder / "keys/custodian-3.pub")}
    assert (said["threshold"], said["root"]["validity"], said["token"]["pin"]) == (2, "5475d", "shares")
    assert said["sign_subordinate"]["name_constraints"] == {"permitted": {"dns": ["example.com", "example.net"]}}
    assert said["revoke_subordinate"] == {"certificates": [str(bench.folder / "in/revoked.pem")], "reason": "CESSATION_OF_OPERATION",
                                          "next_update": "365d"}
    table = bench.run("ceremony", "show", "--script", script).out
    assert re.search(r"^root\.validity +5475d$", table, re.M) and re.search(r"^custodians\.0\.role +custodian-1$", table, re.M), table
    script.write_text(SAMPLE.replace("threshold: 2", "threshold: 9"))
    refused = bench.run("ceremony", "show", "--script", script)
    assert refused.code == 1 and "there are only 3 custodians" in refused.err and "no such file" not in refused.err


class Rotation:
    """An old root on one table, a new one on another, and the old one's script of the day of the rotation."""

    def __init__(self, bench, rehearse):
        self.old, self.new = Table(bench, rehearse=rehearse), Table(bench, "example-root-g2", rehearse=rehearse)
        self.new.script.write_text(self.new.script.read_text().replace("Example Root G1", "Example Root G2")
                                   .replace("in/other-root", f"{self.old.out()}/root"))
        self.day = self.old.folder / "rotation.yaml"
        self.day.write_text(self.old.script.read_text().replace("output: out", "output: later")
                            .replace("in/other-root", f"{self.new.out()}/root"))
        self.later = self.old.folder / f"later{self.old.suffix}/cross-sign"
        self.out = self.old.folder / "rotated"

    def run(self, clock=None, old_shares=(1, 2)):
        return self.old.tool("rotate", self.new.script, self.day, clock or now(), ALL,
                             ",".join(str(self.old.share(number)) for number in old_shares), self.new.share(1).parent, self.out,
                             *(["--rehearse"] if self.old.rehearse else []))

    def signed(self, table, csr, output):
        """The request, certified as a subordinate by a table's root on another day."""
        script = table.folder / f"{output}.yaml"
        script.write_text(table.script.read_text().replace("output: out", f"output: {output}").replace("in/subordinate.csr", str(csr)))
        done = table.run("sign-subordinate", *table.shares(), script=script)
        assert done.code == 0, done.out + done.err
        return table.folder / f"{output}{table.suffix}/sign-subordinate/certificate.pem"

    def verified(self, root, leaf, *between):
        words = [word for file in between for word in ("-untrusted", file)]
        return self.old.bench.openssl("verify", "-CAfile", root, *words, leaf)


def test_a_new_root_is_certified_by_the_old_one_and_certifies_it(bench):
    rotation = Rotation(bench, rehearse=True)
    rotation.old.held()
    done = rotation.run()
    assert done.code == 0, done.out + done.err
    subject = bench.openssl("x509", "-in", rotation.out / "new-by-old.pem", "-noout", "-subject", "-issuer")
    assert "Root G2" in subject.splitlines()[0] and "Root G1" in subject.splitlines()[1]
    assert (rotation.out / "bundle.pem").read_text().count("BEGIN CERTIFICATE") == 2
    assert not (rotation.old.folder / "later").exists()


class LowerTiers:
    """Second tier, issuing authority and leaf of one hierarchy, their keys in files; the roots certify `csr`."""

    def __init__(self, bench, name):
        self.bench, self.name = bench, name
        self.csr = bench.csr(f"{name}-policy", f"/O=Example/CN={name} Policy CA")

    def issue(self, policy):
        """Issuing authority and leaf; which certificate of the second tier is at hand makes no difference to them."""
        issuing = self._certificate("issuing", policy, "policy", "basicConstraints=critical,CA:TRUE,pathlen:0\n"
                                    "keyUsage=critical,keyCertSign,cRLSign\n")
        leaf = self._certificate("leaf", issuing, "issuing", "subjectAltName=DNS:service.example.com\n")
        return issuing, leaf

    def _certificate(self, what, issuer, issuer_key, extensions):
        csr = self.bench.csr(f"{self.name}-{what}", f"/O=Example/CN={self.name} {what}")
        config, out = csr.with_suffix(".ext"), csr.with_suffix(".pem")
        config.write_text(extensions + "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
        self.bench.openssl("x509", "-req", "-in", csr, "-CA", issuer, "-CAkey", self.bench.folder / f"{self.name}-{issuer_key}.key",
                           "-days", 30, "-extfile", config, "-out", out)
        return out


def test_three_tiers_reach_who_knows_only_the_other_root_through_a_second_certificate(bench):
    """Path lengths 2/1/0: a cross certificate has room for two tiers, `rotate` says so, and the way for three works."""
    rotation = Rotation(bench, rehearse=True)
    old, new = rotation.old, rotation.new
    old.held()
    done = rotation.run()
    assert done.code == 0, done.out + done.err
    for name in ("new-by-old.pem", "old-by-new.pem"):
        assert f"{name}: its path length 1 has room for 2 tiers" in done.out, done.out
    for own, other, cross in ((new, old, "new-by-old.pem"), (old, new, "old-by-new.pem")):
        tiers = LowerTiers(bench, own.folder.name)
        by_own = rotation.signed(own, tiers.csr, "second-tier")
        by_other = rotation.signed(other, tiers.csr, "second-tier-of-the-other")
        issuing, leaf = tiers.issue(by_own)
        rotation.verified(own.out() / "root.pem", leaf, issuing, by_own)
        rotation.verified(other.out() / "root.pem", issuing, by_own, rotation.out / cross)
        with pytest.raises(subprocess.CalledProcessError) as refused:
            rotation.verified(other.out() / "root.pem", leaf, issuing, by_own, rotation.out / cross)
        assert "path length constraint exceeded" in refused.value.stderr
        rotation.verified(other.out() / "root.pem", leaf, issuing, by_other)


def test_a_root_of_path_length_3_has_room_for_a_cross_certificate_above_three_tiers(bench):
    rotation = Rotation(bench, rehearse=True)
    for script in (rotation.old.script, rotation.day, rotation.new.script):
        script.write_text(re.sub(r"(cross_sign:\n(?:  .*\n)*?)  path_length:.*\n", r"\1", script.read_text())
                          .replace("path_length: 2 ", "path_length: 3 "))
    rotation.old.held()
    done = rotation.run()
    assert done.code == 0 and "has room for" not in done.out, done.out + done.err
    tiers = LowerTiers(bench, "three")
    policy = rotation.signed(rotation.new, tiers.csr, "second-tier")
    issuing, leaf = tiers.issue(policy)
    rotation.verified(rotation.old.out() / "root.pem", leaf, issuing, policy, rotation.out / "new-by-old.pem")


@pytest.mark.skipif(not without_network(), reason="optional: no network namespace of one's own here")
def test_roots_are_rotated_without_a_network_and_each_side_verifies_what_the_other_certified(bench):
    """The real thing, no rehearsal: an interruption between the two signatures, transcripts of both, both directions."""
    rotation = Rotation(bench, rehearse=False)
    old, new = rotation.old, rotation.new
    old.held()
    old.subordinate()
    assert old.run("sign-subordinate", *old.shares()).code == 0
    under_old = old.out("sign-subordinate") / "certificate.pem"
    refused = rotation.run(clock=now(-65))
    assert refused.code == 1 and "this machine's clock says" in refused.err and not new.out().exists()
    stopped = rotation.run(old_shares=(1,))
    assert stopped.code == 1 and "too few shares" in stopped.err and not rotation.out.joinpath("bundle.pem").exists()
    certified = (new.out("cross-sign") / "cross.pem").read_bytes()
    done = rotation.run()
    assert done.code == 0, done.out + done.err
    assert "REHEARSAL" not in bench.openssl("x509", "-in", new.out() / "root.pem", "-noout", "-subject")

    assert (rotation.out / "old-by-new.pem").read_bytes() == certified
    new.subordinate()
    assert new.run("sign-subordinate", *new.shares(1, 2)).code == 0
    under_new = new.out("sign-subordinate") / "certificate.pem"
    for root, leaf, cross in ((old, under_new, "new-by-old.pem"), (new, under_old, "old-by-new.pem")):
        rotation.verified(root.out() / "root.pem", leaf, rotation.out / cross)
    rotation.verified(rotation.out / "bundle.pem", under_new)
    rotation.verified(rotation.out / "bundle.pem", under_old)
    old.countersign(folder=rotation.later, roles=(1, 2))
    new.countersign("cross-sign", roles=(1, 3))
    for checked in (old.verify(script=rotation.day, folder=rotation.later), new.verify("cross-sign")):
        assert checked.code == 0 and "REHEARSAL" not in checked.out, checked.out + checked.err


def test_a_certificate_that_is_no_root_of_the_csr_is_not_cross_signed(table):
    table.held()
    table.subordinate()
    (table.folder / "in/other-root.csr").write_bytes((table.folder / "in/subordinate.csr").read_bytes())
    (table.folder / "in/other-root.pem").write_bytes((table.out() / "root.pem").read_bytes())
    answer = table.run("cross-sign", *table.shares())
    assert answer.code == 1 and "does not fit its CSR" in answer.err and "nothing was signed" in answer.err


def revoke(table, output, *more):
    text = table.script.read_text()
    table.script.write_text(text.replace("output: out ", f"output: {output} "))
    done = table.run("revoke-subordinate", *table.shares(), *more)
    table.script.write_text(text)
    return done, table.folder / f"{output}-rehearsal/revoke-subordinate/root.crl"


def test_a_revoked_subordinate_stands_on_every_later_list_of_the_root(table):
    """I7, I8: OpenSSL refuses it by the list; numbers grow."""
    table.held()
    table.subordinate()
    assert table.run("sign-subordinate", *table.shares()).code == 0
    certificate = table.out("sign-subordinate") / "certificate.pem"
    (table.folder / "in/revoked.pem").write_bytes(certificate.read_bytes())
    serial = table.bench.openssl("x509", "-in", certificate, "-noout", "-serial").strip().split("=")[1]
    numbers = []
    for output in ("out", "later"):
        done, crl = revoke(table, output)
        assert done.code == 0, done.out + done.err
        assert done.err == ""
        text = table.bench.openssl("crl", "-inform", "DER", "-in", crl, "-CAfile", table.out() / "root.pem", "-noout", "-text")
        assert serial in text and "Cessation Of Operation" in text
        numbers.append(int(re.search(r"X509v3 CRL Number: \n *(\d+)\n", text)[1]))
    assert numbers[0] < numbers[1]
    table.bench.openssl("crl", "-inform", "DER", "-in", crl, "-out", table.folder / "crl.pem")
    refused = subprocess.run(["openssl", "verify", "-crl_check", "-CAfile", table.out() / "root.pem", "-CRLfile",
                              table.folder / "crl.pem", certificate], capture_output=True, text=True)
    assert refused.returncode != 0 and "certificate revoked" in refused.stderr + refused.stdout


def test_a_certificate_of_another_root_is_not_revoked(table):
    table.held()
    other = Table(table.bench, "another-root")
    other.held()
    other.subordinate()
    assert other.run("sign-subordinate", *other.shares()).code == 0
    (table.folder / "in/revoked.pem").write_bytes((other.out("sign-subordinate") / "certificate.pem").read_bytes())
    done, crl = revoke(table, "out")
    assert done.code == 1 and "has not signed the certificate" in done.err and "nothing was revoked" in done.err
    assert not crl.exists()


def der_of(table, file):
    return table.bench.openssl("x509", "-in", file, "-noout", "-text")


def test_what_a_root_certifies_says_where_its_list_and_its_certificate_are(table):
    """OpenSSL checks the whole chain by the lists: good with an empty one, refused with the one that has it."""
    table.held()
    table.subordinate()
    assert table.run("sign-subordinate", *table.shares()).code == 0
    other = Table(table.bench, "another-root")
    other.script.write_text(other.script.read_text().replace("Example Root G1", "Example Root G2"))
    other.held()
    for ending in ("csr", "pem"):
        (table.folder / f"in/other-root.{ending}").write_bytes((other.out() / f"root.{ending}").read_bytes())
    signed = table.run("cross-sign", *table.shares())
    assert signed.code == 0, signed.err
    subordinate, cross = table.out("sign-subordinate") / "certificate.pem", table.out("cross-sign") / "cross.pem"
    for file in (subordinate, cross):
        text = der_of(table, file)
        assert "CRL Distribution Points" in text and "URI:http://pki.example.com/example-root-g1.crl" in text, text
        assert "CA Issuers - URI:http://pki.example.com/example-root-g1.cer" in text and "OCSP" not in text, text
    assert "CRL Distribution" not in der_of(table, table.out() / "root.pem")
    table.bench.openssl("x509", "-in", table.out() / "root.pem", "-outform", "DER", "-out", table.folder / "root.der")
    assert (table.out() / "root.cer").read_bytes() == (table.folder / "root.der").read_bytes()

    def judged(list_file, leaf):
        table.bench.openssl("crl", "-inform", "DER", "-in", list_file, "-out", table.folder / "crl.pem")
        done = subprocess.run(["openssl", "verify", "-crl_check_all", "-CAfile", table.out() / "root.pem", "-CRLfile",
                               table.folder / "crl.pem", leaf], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr
    script = table.script.read_text()
    table.script.write_text(script.replace("[in/revoked.pem]", "[]"))
    done, empty = revoke(table, "first")
    assert done.code == 0, done.err
    for file in (subordinate, cross):
        assert judged(empty, file)[0] == 0, judged(empty, file)
    table.script.write_text(script)
    (table.folder / "in/revoked.pem").write_bytes(cross.read_bytes())
    done, crl = revoke(table, "second")
    assert done.code == 0, done.err
    assert judged(crl, subordinate)[0] == 0 and "certificate revoked" in judged(crl, cross)[1]


def test_a_root_whose_script_names_no_place_certifies_without_one(table):
    table.script.write_text(re.sub(r"\n  (crl_distribution_point|ca_issuers):.*", "", table.script.read_text()))
    table.held()
    table.subordinate()
    assert table.run("sign-subordinate", *table.shares()).code == 0
    text = der_of(table, table.out("sign-subordinate") / "certificate.pem")
    assert "CRL Distribution" not in text and "Authority Information" not in text


@pytest.mark.parametrize("place", ["https://pki.example.com/root.crl", "http://pki.example.com/", "pki.example.com/root.crl",
                                   "http://pki.example.com/a b.crl", "http://pki.example.com/../root.crl", "ldap://pki.example.com/x"])
def test_a_place_that_nobody_can_fetch_from_is_refused(table, place):
    script = table.script.read_text()
    for key in ("crl_distribution_point", "ca_issuers"):
        table.script.write_text(re.sub(rf"(\n  {key}:) .*", lambda found: f'{found[1]} "{place}"', script))
        answer = table.root()
        assert answer.code == 1 and f"root.{key}: " in answer.err and "no token was touched" in answer.err, answer.err
