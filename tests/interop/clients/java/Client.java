import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.acmpca.AcmPcaClient;
import software.amazon.awssdk.services.acmpca.model.*;

/**
 * What an application does with AWS's SDK for Java; prints one JSON object. Arguments: bucket of reports, CSR
 * file. Nothing here names the daemon: the environment and the trust store do, as for any application.
 */
public final class Client {
  private final AcmPcaClient client = AcmPcaClient.create();
  private final Map<String, Object> seen = new LinkedHashMap<>();
  private String arn;

  public static void main(String[] arguments) throws Exception {
    Client client = new Client();
    client.lifecycle();
    client.certificate(Files.readString(Path.of(arguments[1])), arguments[0]);
    client.failures();
    client.end();
    System.out.println(json(client.seen));
  }

  private void lifecycle() {
    CreateCertificateAuthorityRequest create = CreateCertificateAuthorityRequest.builder()
        .certificateAuthorityType(CertificateAuthorityType.ROOT)
        .certificateAuthorityConfiguration(c -> c.keyAlgorithm(KeyAlgorithm.RSA_2048)
            .signingAlgorithm(SigningAlgorithm.SHA256_WITHRSA).subject(s -> s.commonName("From Java").country("DE")))
        .revocationConfiguration(r -> r.crlConfiguration(c -> c.enabled(true).expirationInDays(7)
                .crlType(CrlType.PARTITIONED).customPath("java/crls"))
            .ocspConfiguration(o -> o.enabled(true)))
        .tags(Tag.builder().key("made-by").value("java").build(), Tag.builder().key("team").value("red").build())
        .usageMode(CertificateAuthorityUsageMode.GENERAL_PURPOSE).idempotencyToken("java-" + System.nanoTime()).build();
    arn = client.createCertificateAuthority(create).certificateAuthorityArn();
    seen.put("created_again", client.createCertificateAuthority(create).certificateAuthorityArn().equals(arn));
    seen.put("csr", client.waiter().waitUntilCertificateAuthorityCSRCreated(r -> r.certificateAuthorityArn(arn))
        .matched().response().orElseThrow().csr());
    String csr = (String) seen.get("csr");
    GetCertificateResponse root = issue(csr, "RootCACertificate", SigningAlgorithm.SHA256_WITHRSA, 365);
    client.importCertificateAuthorityCertificate(r -> r.certificateAuthorityArn(arn).certificate(SdkBytes.fromUtf8String(root.certificate())));
    CertificateAuthority is = describe();
    seen.put("status", is.statusAsString());
    seen.put("dated", is.notBefore().isBefore(is.notAfter()) && is.createdAt() != null);
    seen.put("crl", is.revocationConfiguration().crlConfiguration().toString());
    seen.put("crl_kept", is.revocationConfiguration().crlConfiguration().toBuilder()
        .s3ObjectAcl((String) null).crlDistributionPointExtensionConfiguration((CrlDistributionPointExtensionConfiguration) null).build()
        .equals(create.revocationConfiguration().crlConfiguration()));
    seen.put("ocsp", is.revocationConfiguration().ocspConfiguration().enabled());
    seen.put("root", root.certificate());
    seen.put("root_chain", root.certificateChain());
    seen.put("same", client.getCertificateAuthorityCertificate(r -> r.certificateAuthorityArn(arn)).certificate().equals(root.certificate()));
    Map<String, Object> tags = new TreeMap<>();
    client.listTagsPaginator(r -> r.certificateAuthorityArn(arn).maxResults(1)).tags().forEach(tag -> tags.put(tag.key(), tag.value()));
    seen.put("tags", tags);
    seen.put("listed", client.listCertificateAuthoritiesPaginator(r -> r.maxResults(1)).certificateAuthorities().stream().anyMatch(one -> one.arn().equals(arn)));
  }

  private GetCertificateResponse issue(String csr, String template, SigningAlgorithm algorithm, long days) {
    String certificate = client.issueCertificate(r -> r.certificateAuthorityArn(arn).csr(SdkBytes.fromUtf8String(csr))
        .signingAlgorithm(algorithm).templateArn("arn:aws:acm-pca:::template/" + template + "/V1")
        .validity(v -> v.type(ValidityPeriodType.DAYS).value(days))
        .apiPassthrough(template.contains("APIPassthrough") ? passthrough() : null)).certificateArn();
    seen.put("arn", certificate);
    return client.waiter().waitUntilCertificateIssued(r -> r.certificateAuthorityArn(arn).certificateArn(certificate))
        .matched().response().orElseThrow();
  }

  private static ApiPassthrough passthrough() {
    return ApiPassthrough.builder().subject(s -> s.commonName("java.example").organization("Example")).extensions(e -> e
        .subjectAlternativeNames(n -> n.dnsName("java.example"), n -> n.ipAddress("192.0.2.7"))
        .keyUsage(k -> k.digitalSignature(true))
        .extendedKeyUsage(k -> k.extendedKeyUsageType(ExtendedKeyUsageType.CLIENT_AUTH))).build();
  }

  private void certificate(String csr, String bucket) {
    GetCertificateResponse leaf = issue(csr, "BlankEndEntityCertificate_APIPassthrough", SigningAlgorithm.SHA384_WITHRSA, 30);
    seen.put("leaf", leaf.certificate());
    seen.put("chain", leaf.certificateChain());
    String leafArn = (String) seen.get("arn");
    String serial = leafArn.substring(leafArn.lastIndexOf('/') + 1);
    client.revokeCertificate(r -> r.certificateAuthorityArn(arn).certificateSerial(colons(serial)).revocationReason(RevocationReason.SUPERSEDED));
    fails("revoked_again", () -> client.revokeCertificate(r -> r.certificateAuthorityArn(arn).certificateSerial(serial).revocationReason(RevocationReason.SUPERSEDED)));

    CreateCertificateAuthorityAuditReportResponse report = client.createCertificateAuthorityAuditReport(r -> r
        .certificateAuthorityArn(arn).s3BucketName(bucket).auditReportResponseFormat(AuditReportResponseFormat.JSON));
    DescribeCertificateAuthorityAuditReportResponse done = client.waiter().waitUntilAuditReportCreated(r -> r
        .certificateAuthorityArn(arn).auditReportId(report.auditReportId())).matched().response().orElseThrow();
    seen.put("report", done.auditReportStatusAsString());
    seen.put("report_key", done.s3Key());
    seen.put("report_dated", done.createdAt() != null && done.s3BucketName().equals(bucket) && done.s3Key().equals(report.s3Key()));
    fails("report_again", () -> client.createCertificateAuthorityAuditReport(r -> r
        .certificateAuthorityArn(arn).s3BucketName(bucket).auditReportResponseFormat(AuditReportResponseFormat.CSV)));
    seen.put("serial", serial);
  }

  private static String colons(String serial) {
    return serial.replaceAll("(..)(?!$)", "$1:");
  }

  private void failures() {
    String missing = arn.substring(0, arn.length() - 12) + "000000000000";
    fails("missing", () -> client.describeCertificateAuthority(r -> r.certificateAuthorityArn(missing)));
    fails("csr_none", () -> issue("none", "EndEntityCertificate", SigningAlgorithm.SHA256_WITHRSA, 1));
    fails("template", () -> issue((String) seen.get("csr"), "None", SigningAlgorithm.SHA256_WITHRSA, 1));
    fails("too_long", () -> issue((String) seen.get("csr"), "EndEntityCertificate", SigningAlgorithm.SHA256_WITHRSA, 3650));
    fails("no_policy", () -> client.getPolicy(r -> r.resourceArn(arn)));
    fails("delete_active", () -> client.deleteCertificateAuthority(r -> r.certificateAuthorityArn(arn)));
    fails("self_signed", () -> {
      CertificateAuthority is = describe();
      return client.revokeCertificate(r -> r.certificateAuthorityArn(arn).revocationReason(RevocationReason.UNSPECIFIED)
          .certificateSerial(new java.math.BigInteger(is.serial()).toString(16)));
    });
  }

  private void end() {
    client.updateCertificateAuthority(r -> r.certificateAuthorityArn(arn).status(CertificateAuthorityStatus.DISABLED));
    client.deleteCertificateAuthority(r -> r.certificateAuthorityArn(arn).permanentDeletionTimeInDays(7));
    seen.put("deleted", describe().statusAsString());
    seen.put("restorable", describe().restorableUntil() != null);
    client.restoreCertificateAuthority(r -> r.certificateAuthorityArn(arn));
    seen.put("restored", describe().statusAsString());
  }

  private CertificateAuthority describe() {
    return client.describeCertificateAuthority(r -> r.certificateAuthorityArn(arn)).certificateAuthority();
  }

  private interface Call {
    Object run();
  }

  private void fails(String name, Call call) {
    try {
      call.run();
      seen.put(name, "it worked");
    } catch (AcmPcaException error) {
      seen.put(name, List.of(error.getClass().getSimpleName(), error.awsErrorDetails().errorCode(), error.awsErrorDetails().errorMessage(),
          error.requestId() != null && !error.requestId().isEmpty()));
    } catch (SdkException error) {
      seen.put(name, List.of(error.getClass().getSimpleName(), "", String.valueOf(error.getMessage()), false));
    }
  }

  private static String json(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream().map(e -> json(e.getKey()) + ":" + json(e.getValue())).collect(Collectors.joining(",", "{", "}"));
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Client::json).collect(Collectors.joining(",", "[", "]"));
    }
    if (value instanceof Boolean || value == null) {
      return String.valueOf(value);
    }
    StringBuilder text = new StringBuilder("\"");
    value.toString().chars().forEach(c -> text.append(c < 0x20 || c == '"' || c == '\\' || c > 0x7e ? String.format("\\u%04x", c) : String.valueOf((char) c)));
    return text.append('"').toString();
  }
}
