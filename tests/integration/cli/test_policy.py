"""chancery policy test: the decision by the files alone, why it fell, and a second opinion on the whole language."""
import json
import random

import pytest

from conftest import SOURCE
from tests.support import iam
from tests.support.templates import ALL_TEMPLATES, arn

ACCOUNT, OTHER = "123456789012", "210987654321"
AUTHORITY = f"arn:aws:acm-pca:us-east-1:{ACCOUNT}:certificate-authority/11111111-2222-4333-8444-555555555555"
FOREIGN = AUTHORITY.replace(ACCOUNT, OTHER)


def principals_file(folder, principals):
    """principals: {"account/name": [policy file names]}."""
    lines = ["accounts:", f'  - id: "{ACCOUNT}"', f'  - id: "{OTHER}"', "principals:"]
    for number, (name, policies) in enumerate(principals.items()):
        account, short = name.split("/")
        lines += [f"  - name: {short}", f'    account: "{account}"', f"    certificates: ['{number + 1:064x}']",
                  f"    policies: [{', '.join(policies)}]"]
    (folder / "principals.yaml").write_text("\n".join(lines) + "\n")
    return folder / "principals.yaml"


@pytest.fixture
def samples(plain):
    for policy in (SOURCE / "config/policies").glob("*.json"):
        (plain.folder / policy.name).write_text(policy.read_text())
    names = ["administrator", "auditor", "provisioning", "spire"]
    plain.principals = principals_file(plain.folder, {f"{ACCOUNT}/{name}": [f"{name}.json"] for name in names})
    return plain


def asked(bench, principal, action, *more):
    return bench.run("policy", "test", "--principals", bench.principals, "--principal", principal, "--action",
                     f"acm-pca:{action}", "--resource", AUTHORITY, *more)


def decisions(bench, cases, principals="principals.yaml"):
    """What the program decides for each case, in order."""
    (bench.folder / "cases.json").write_text(json.dumps([{"expect": "deny", **case} for case in cases]))
    done = bench.run("--output", "json", "policy", "test", "--principals", bench.folder / principals, "--cases",
                     bench.folder / "cases.json")
    assert done.code in (0, 1), done.err
    return [case["decision"] for case in json.loads(done.out)["cases"]]


def test_a_refusal_names_every_statement_and_why_it_said_nothing(samples):
    done = asked(samples, "provisioning", "IssueCertificate", "--template", "SubordinateCACertificate_PathLen0/V1")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "policy provisioning.json, statement LeafTemplatesOnly (Allow): its condition does not hold: "
        "StringEquals on acm-pca:TemplateArn",
        "policy provisioning.json, statement ReadsWhatItNeeds (Allow): speaks of other actions",
        "denied: no statement allows it"]


def test_a_permission_names_the_statement_of_the_file(samples):
    done = asked(samples, "provisioning", "IssueCertificate", "--template", "EndEntityCertificate/V1", "--expect", "allow")
    assert done.code == 0 and done.out.splitlines()[-1] == "allowed by policy provisioning.json, statement LeafTemplatesOnly"
    assert asked(samples, "provisioning", "IssueCertificate", "--template", "EndEntityCertificate/V1", "--expect",
                 "deny").code == 1


def test_a_deny_is_named(samples):
    done = samples.run("--output", "json", "policy", "test", "--principals", samples.principals, "--principal", "auditor",
                       "--action", "acm-pca:RevokeCertificate", "--resource", AUTHORITY)
    assert done.json()["decision"] == "deny"
    assert done.json()["reason"] == "policy auditor.json, statement ChangesNothing"


def test_what_cannot_be_asked_is_refused(samples):
    wrong = [(["--principal", "nobody", "--action", "acm-pca:GetPolicy"], "no principal 'nobody'"),
             (["--principal", "auditor", "--action", "acm-pca:GetPolicies"], "is no action"),
             (["--principal", "auditor", "--action", "acm-pca:GetPolicy", "--context", "colour=red"], "no condition key"),
             (["--principal", "auditor", "--action", "acm-pca:GetPolicy", "--context", "aws:SourceIp=10.0.0.1"], "--source-ip"),
             (["--principal", "auditor", "--action", "acm-pca:GetPolicy", "--context", "red"], "KEY=VALUE"),
             (["--principal", "auditor", "--action", "acm-pca:GetPolicy", "--at", "noon"], "is no time"),
             (["--principal", "auditor", "--action", "acm-pca:GetPolicy", "--resource-policy", "none.json"], "none.json")]
    for arguments, reason in wrong:
        done = samples.run("policy", "test", "--principals", samples.principals, *arguments)
        assert done.code == 1 and reason in done.err, (arguments, done.err)
    usage = [[], ["--principal", "auditor"], ["--cases", "x.json", "--principal", "a", "--action", "b"]]
    for arguments in usage:
        assert samples.run("policy", "test", "--principals", samples.principals, *arguments).code == 2, arguments


def test_cases_that_are_wrong_are_named(samples):
    cases = samples.folder / "cases.json"
    good = {"principal": "auditor", "action": "acm-pca:GetPolicy", "resource": AUTHORITY, "expect": "allow"}
    for bad, reason in [([{**good, "colour": "red"}], "case 1"), ([good, {**good, "expect": "maybe"}], "case 2"),
                        ([{**good, "context": []}], "object of condition keys"), ({"a": 1}, "not a JSON array"),
                        ([{k: v for k, v in good.items() if k != "expect"}], "'expect' is missing"),
                        ([{**good, "name": "reads", "action": "acm-pca:Read"}], "reads")]:
        cases.write_text(json.dumps(bad))
        done = samples.run("policy", "test", "--principals", samples.principals, "--cases", cases)
        assert done.code == 1 and reason in done.err, (bad, done.err)
    cases.write_text(json.dumps([good, {**good, "name": "the auditor cannot issue", "action": "acm-pca:IssueCertificate"}]))
    done = samples.run("policy", "test", "--principals", samples.principals, "--cases", cases)
    assert done.code == 1
    assert "the auditor cannot issue: expected allow" in done.out and "1 of 2 cases" in done.out
    assert "statement ChangesNothing" in done.out


# -- the language, against a second opinion ----------------------------------------------------------------------

TEMPLATES = [f"arn:aws:acm-pca:::template/{name}/V1" for name in
             ("EndEntityCertificate", "EndEntityClientAuthCertificate", "SubordinateCACertificate_PathLen0", "RootCACertificate")]
ACTIONS = ["acm-pca:IssueCertificate", "acm-pca:GetCertificate", "acm-pca:RevokeCertificate", "acm-pca:ListTags"]
HOSTS = ["a.example", "b.example", "a.test", "A.EXAMPLE"]
DATES = ["2026-01-01", "2026-06-01T12:00:00Z", "1790000000"]
ADDRESSES = ["10.0.0.7", "192.0.2.9", "2001:db8::7"]
KEYS = {
    "acm-pca:TemplateArn": ("arn", TEMPLATES, TEMPLATES + ["arn:aws:acm-pca:::template/EndEntity*", "arn:*:*:*:*:*"]),
    "chancery:DeviceId": ("string", HOSTS, HOSTS + ["*", "a*", "?.test"]),
    "chancery:CommonName": ("string", HOSTS, HOSTS + ["*.example", ""]),
    "chancery:SubjectAlternativeNames": ("string", HOSTS, HOSTS + ["*.example", "*a*", "b.*"]),
    "chancery:ValidityDays": ("number", ["1", "30", "90.5"], ["1", "30", "90.5", "400"]),
    "aws:RequestTag/team": ("string", ["red", "blue"], ["red", "blue", "r*"]),
    "aws:ResourceTag/env": ("string", ["red", "blue"], ["red", "blue", "*"]),
    "aws:SourceIp": ("ip", ADDRESSES, ["10.0.0.0/8", "192.0.2.9", "2001:db8::/32", "0.0.0.0/0"]),
    "aws:CurrentTime": ("date", DATES, DATES),
    "aws:PrincipalAccount": ("string", [ACCOUNT, OTHER], [ACCOUNT, OTHER, "*"]),
    "aws:PrincipalArn": ("arn", [], [f"arn:aws:iam::{ACCOUNT}:user/*", f"arn:aws:iam::{OTHER}:user/p1", "arn:aws:iam::*:user/p?"]),
}
OPERATORS = {
    "string": ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
               "StringNotLike"],
    "arn": ["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals", "StringLike", "StringEquals"],
    "number": ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
               "NumericGreaterThanEquals"],
    "date": ["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"],
    "ip": ["IpAddress", "NotIpAddress"],
}


class Maker:
    def __init__(self, seed):
        self.any = random.Random(seed)

    def some(self, values, most=2):
        picked = self.any.sample(values, self.any.randint(1, min(most, len(values))))
        return picked if len(picked) > 1 or self.any.random() < 0.5 else picked[0]

    def condition(self):
        condition = {}
        for key in self.any.sample(list(KEYS), self.any.choice([0, 0, 1, 1, 2])):
            kind, _, values = KEYS[key]
            operator = self.any.choice(OPERATORS[kind])
            if self.any.random() < 0.1:
                condition.setdefault("Null", {})[key] = self.any.choice(["true", "false"])
                continue
            operator = self.any.choice(["", "", "", "ForAllValues:", "ForAnyValue:"]) + operator
            operator += self.any.choice(["", "", "IfExists"])
            if key == "acm-pca:TemplateArn" and "StringEquals" in operator:
                values = TEMPLATES  # a pattern that is taken literally is refused
            spelt = key if self.any.random() < 0.8 else key.upper() if "/" not in key else key
            condition.setdefault(operator, {})[spelt] = self.some(values, 3)
        return condition

    def statement(self, effects, principal=False):
        statement = {"Effect": self.any.choice(effects)}
        negated = self.any.random() < 0.15
        statement["NotAction" if negated else "Action"] = self.some(
            ACTIONS + ([] if negated else ["*", "acm-pca:*", "acm-pca:Get*", "ACM-PCA:issue*"]))
        resources = [AUTHORITY, FOREIGN, f"arn:aws:acm-pca:*:{ACCOUNT}:*"]
        negated = self.any.random() < 0.15
        statement["NotResource" if negated else "Resource"] = self.some(resources + ([] if negated else ["*", "*", "*"]))
        if principal:
            arns = [f"arn:aws:iam::{account}:user/p{n}" for account in (ACCOUNT, OTHER) for n in range(3)]
            statement["Principal"] = self.any.choice(["*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{OTHER}:root"},
                                                      {"AWS": self.some(arns, 4)}, {"Service": "acm.amazonaws.com"}])
        if condition := self.condition():
            statement["Condition"] = condition
        return statement

    def document(self, effects, principal=False):
        return {"Version": "2012-10-17",
                "Statement": [self.statement(effects, principal) for _ in range(self.any.randint(1, 3))]}

    def context(self):
        context = {}
        for key, (_, values, _) in KEYS.items():
            if key.startswith("aws:") and "Tag/" not in key or self.any.random() < 0.3:
                continue
            many = key in ("chancery:SubjectAlternativeNames", "chancery:CommonName")
            context[key] = self.any.sample(values, self.any.randint(1, 3 if many else 1))
        return context


def write(path, document):
    path.write_text(json.dumps(document))
    return path.name


@pytest.mark.parametrize("seed", range(4))
def test_the_engine_and_a_second_evaluator_agree_and_a_deny_never_allows_more(plain, seed):
    """I11, over the whole language; a disagreement prints the question."""
    make = Maker(seed)
    identities, cases, questions = {}, [], []
    for account in (ACCOUNT, OTHER):
        for number in range(40):
            documents = [make.document(["Allow", "Allow", "Allow", "Deny"]) for _ in range(make.any.randint(1, 2))]
            identities[f"{account}/p{number}"] = documents
    files = {name: [write(plain.folder / f"{name.replace('/', '-')}-{n}.json", document) for n, document in enumerate(documents)]
             for name, documents in identities.items()}
    principals_file(plain.folder, files)
    attached = [make.document(["Allow", "Allow", "Deny"], principal=True) for _ in range(30)]
    for number, document in enumerate(attached):
        write(plain.folder / f"attached-{number}.json", document)
    for name, documents in identities.items():
        account, short = name.split("/")
        for _ in range(12):
            resource, context = make.any.choice([AUTHORITY, FOREIGN]), make.context()
            at, address = make.any.choice(DATES), make.any.choice(ADDRESSES)
            which = make.any.choice([None, *range(len(attached))])
            case = {"principal": name, "action": make.any.choice(ACTIONS), "resource": resource, "context": context, "at": at,
                    "source_ip": address}
            if which is not None:
                case["resource_policy"] = f"attached-{which}.json"
            cases.append(case)
            caller = {"account": account, "arn": f"arn:aws:iam::{account}:user/{short}"}
            questions.append({"identity": documents, "resource_policy": None if which is None else attached[which],
                              "caller": caller, "action": case["action"], "resource": resource,
                              "owner": resource.split(":")[4],
                              "context": {**context, "aws:SourceIp": [address], "aws:CurrentTime": [at],
                                          "aws:PrincipalAccount": [account], "aws:PrincipalArn": [caller["arn"]]}})
    decided = decisions(plain, cases)
    for question, decision in zip(questions, decided, strict=True):
        assert iam.decide(question) == decision, json.dumps(question, indent=1)
    assert 0.1 < decided.count("allow") / len(decided) < 0.9  # both happen, so that agreeing means something

    denying = write(plain.folder / "more.json", make.document(["Deny"]))
    principals_file(plain.folder, {name: [*policies, denying] for name, policies in files.items()})
    with_deny = decisions(plain, cases)
    assert all(before == "allow" for before, after in zip(decided, with_deny, strict=True) if after == "allow")


# -- the samples: what each must never do ------------------------------------------------------------------------

OPERATIONS = ["CreateCertificateAuthority", "DescribeCertificateAuthority", "ListCertificateAuthorities",
              "UpdateCertificateAuthority", "DeleteCertificateAuthority", "RestoreCertificateAuthority",
              "GetCertificateAuthorityCsr", "GetCertificateAuthorityCertificate", "ImportCertificateAuthorityCertificate",
              "IssueCertificate", "GetCertificate", "RevokeCertificate", "CreateCertificateAuthorityAuditReport",
              "DescribeCertificateAuthorityAuditReport", "CreatePermission", "DeletePermission", "ListPermissions", "PutPolicy",
              "GetPolicy", "DeletePolicy", "TagCertificateAuthority", "UntagCertificateAuthority", "ListTags"]


def allowed_operations(bench, principal, resource=AUTHORITY):
    cases = [{"principal": principal, "action": f"acm-pca:{operation}", "resource": resource} for operation in OPERATIONS]
    return {operation for operation, decision in zip(OPERATIONS, decisions(bench, cases), strict=True) if decision == "allow"}


def allowed_templates(bench, principal):
    cases = [{"principal": principal, "action": "acm-pca:IssueCertificate", "resource": AUTHORITY,
              "context": {"acm-pca:TemplateArn": template}} for template in map(arn, ALL_TEMPLATES)]
    return {name for name, decision in zip(ALL_TEMPLATES, decisions(bench, cases), strict=True) if decision == "allow"}


READS = {"GetCertificate", "GetCertificateAuthorityCertificate", "DescribeCertificateAuthority"}


def test_the_provisioning_role_cannot_issue_a_ca_certificate(samples):
    assert allowed_templates(samples, "provisioning") == {
        "EndEntityCertificate", "EndEntityClientAuthCertificate", "EndEntityServerAuthCertificate"}
    # Without a template in the request as well: an absent value is no permission.
    assert allowed_operations(samples, "provisioning") == READS


def test_spire_gets_one_intermediate_that_can_have_none_below_it(samples):
    assert allowed_templates(samples, "spire") == {"SubordinateCACertificate_PathLen0"}
    assert allowed_operations(samples, "spire") == READS


def test_the_auditor_reads_and_reports_and_changes_nothing(samples):
    assert allowed_templates(samples, "auditor") == set()
    reports = {"CreateCertificateAuthorityAuditReport"}
    reads = {operation for operation in OPERATIONS if operation.startswith(("Describe", "Get", "List"))}
    assert allowed_operations(samples, "auditor") == reads | reports


def test_the_auditor_changes_nothing_whatever_else_it_is_given(samples):
    principals_file(samples.folder, {f"{ACCOUNT}/auditor": ["auditor.json", "administrator.json"]})
    changes = {operation for operation in OPERATIONS if not operation.startswith(("Describe", "Get", "List"))}
    assert allowed_operations(samples, "auditor") & changes == {"CreateCertificateAuthorityAuditReport"}


def test_the_administrator_has_no_power_over_another_account(samples):
    assert allowed_operations(samples, "administrator") == set(OPERATIONS)
    assert allowed_operations(samples, "administrator", FOREIGN) == set()
