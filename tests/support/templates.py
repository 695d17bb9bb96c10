"""The names of the 61 templates, as the documentation of AWS Private CA builds them."""
PASSTHROUGH = ["_CSRPassthrough", "_APIPassthrough", "_APICSRPassthrough"]
LEAVES = ["EndEntityCertificate", "EndEntityClientAuthCertificate", "EndEntityServerAuthCertificate",
          "CodeSigningCertificate", "OCSPSigningCertificate"]
LEAF_TEMPLATES = [
    *(leaf + more for leaf in LEAVES for more in ["", *PASSTHROUGH]),
    *(f"BlankEndEntityCertificate{critical}{more}" for critical in ("", "_CriticalBasicConstraints") for more in PASSTHROUGH)]
CA_TEMPLATES = [
    "RootCACertificate", "RootCACertificate_APIPassthrough",
    *(f"BlankRootCACertificate{length}_APIPassthrough" for length in ("", *(f"_PathLen{n}" for n in range(4)))),
    *(f"SubordinateCACertificate_PathLen{n}{more}" for n in range(4) for more in ["", *PASSTHROUGH]),
    *(f"BlankSubordinateCACertificate_PathLen{n}{more}" for n in range(4) for more in PASSTHROUGH)]
ALL_TEMPLATES = LEAF_TEMPLATES + CA_TEMPLATES
assert len(set(ALL_TEMPLATES)) == 61


def arn(name):
    return f"arn:aws:acm-pca:::template/{name}/V1"
