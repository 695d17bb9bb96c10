"""A small evaluator of IAM policies, written from the IAM User Guide and not from the daemon's code: the other opinion.

decide(question) -> "allow" or "deny". A question is a dict: identity (documents), resource_policy (document or None),
caller {account, arn}, action, resource, owner, context {key: [values]}.
"""
import datetime
import ipaddress
import re


def like(pattern, text):
    return re.fullmatch("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), text, re.S) is not None


def arn_like(pattern, arn):
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(patterns) == 6 and len(parts) == 6 and all(map(like, patterns, parts))


def seconds(text):
    if re.fullmatch(r"\d+", text):
        return int(text)
    form = "%Y-%m-%dT%H:%M:%SZ" if "T" in text else "%Y-%m-%d"
    return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc).timestamp()


def in_network(network, address):
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


BASE = {
    "StringEquals": lambda policy, request: policy == request,
    "StringEqualsIgnoreCase": lambda policy, request: policy.lower() == request.lower(),
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "NumericEquals": lambda policy, request: float(request) == float(policy),
    "NumericLessThan": lambda policy, request: float(request) < float(policy),
    "NumericLessThanEquals": lambda policy, request: float(request) <= float(policy),
    "NumericGreaterThan": lambda policy, request: float(request) > float(policy),
    "NumericGreaterThanEquals": lambda policy, request: float(request) >= float(policy),
    "DateEquals": lambda policy, request: seconds(request) == seconds(policy),
    "DateLessThan": lambda policy, request: seconds(request) < seconds(policy),
    "DateLessThanEquals": lambda policy, request: seconds(request) <= seconds(policy),
    "DateGreaterThan": lambda policy, request: seconds(request) > seconds(policy),
    "DateGreaterThanEquals": lambda policy, request: seconds(request) >= seconds(policy),
    "Bool": lambda policy, request: policy.lower() == request.lower(),
    "IpAddress": in_network,
}
NEGATED = {"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
           "StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike",
           "NumericNotEquals": "NumericEquals", "DateNotEquals": "DateEquals", "NotIpAddress": "IpAddress"}


def listed(value):
    return value if isinstance(value, list) else [value]


def condition_holds(operator, wanted, given, effect):
    wanted = [str(value).lower() if isinstance(value, bool) else str(value) for value in listed(wanted)]
    if operator == "Null":
        return any((value == "true") == (not given) for value in wanted)
    quantifier, _, operator = operator.rpartition(":")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    negated = operator in NEGATED
    compare = BASE[NEGATED.get(operator, operator)]
    each = [any(compare(policy, value) for policy in wanted) != negated for value in given]
    if quantifier == "ForAllValues":
        return all(each)
    if quantifier == "ForAnyValue":
        return any(each) if given else if_exists
    if not given:
        return if_exists or negated
    # Several values and no quantifier: IAM leaves it open. A grant must hold for all, a refusal for one.
    return all(each) if effect == "Allow" else any(each)


def names(statement, caller):
    """How a resource policy's statement speaks of the caller: "itself", "account" or None."""
    principal = statement["Principal"]
    if principal == "*":
        return "itself"
    spoken = None
    for value in listed(principal.get("AWS", [])):
        if value in ("*", caller["arn"]):
            return "itself"
        if value == caller["account"] or re.fullmatch(rf"arn:[\w-]+:iam::{caller['account']}:root", value):
            spoken = "account"
    return spoken


def applies(statement, question):
    if "Principal" in statement and names(statement, question["caller"]) is None:
        return False
    for name, value, ignore_case in (("Action", question["action"], True), ("Resource", question["resource"], False)):
        negated = f"Not{name}" in statement
        patterns = listed(statement[f"Not{name}" if negated else name])
        fold = str.lower if ignore_case else str
        if any(like(fold(pattern), fold(value)) for pattern in patterns) == negated:
            return False
    folded = {key.lower(): values for key, values in question["context"].items()}
    return all(condition_holds(operator, wanted, folded.get(key.lower(), []), statement["Effect"])
               for operator, keys in statement.get("Condition", {}).items() for key, wanted in keys.items())


def statements(documents):
    return [statement for document in documents for statement in listed(document["Statement"])]


def decide(question):
    identity = [s for s in statements(question["identity"]) if applies(s, question)]
    attached = [question["resource_policy"]] if question["resource_policy"] else []
    resource = [s for s in statements(attached) if applies(s, question)]
    if any(s["Effect"] == "Deny" for s in identity + resource):
        return "deny"
    own = question["owner"] in ("", question["caller"]["account"])
    if own:
        itself = any(names(s, question["caller"]) == "itself" for s in resource)
        return "allow" if identity or itself else "deny"
    return "allow" if identity and resource else "deny"
