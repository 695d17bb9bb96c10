// What an application does with AWS's SDK for JavaScript; prints one JSON object. Arguments: authority, CSR file.
const fs = require("node:fs");
const sdk = require("@aws-sdk/client-acm-pca");

const [authority, csrFile] = process.argv.slice(2);
const client = new sdk.ACMPCAClient({ endpoint: process.env.CHANCERY_ENDPOINT, maxAttempts: 1 });
const order = {
  CertificateAuthorityArn: authority,
  Csr: fs.readFileSync(csrFile),
  SigningAlgorithm: "SHA256WITHECDSA",
  TemplateArn: "arn:aws:acm-pca:::template/EndEntityCertificate_APIPassthrough/V1",
  Validity: { Value: 1, Type: "DAYS" },
  ApiPassthrough: { Extensions: { SubjectAlternativeNames: [{ DnsName: "js.example" }] } },
  IdempotencyToken: "js",
};

async function errorOf(command) {
  try {
    await client.send(command);
  } catch (error) {
    return { name: error.name, message: error.message, status: error.$metadata.httpStatusCode, id: error.$metadata.requestId };
  }
  return null;
}

async function main() {
  const described = await client.send(new sdk.DescribeCertificateAuthorityCommand({ CertificateAuthorityArn: authority }));
  const { CertificateArn } = await client.send(new sdk.IssueCertificateCommand(order));
  await sdk.waitUntilCertificateIssued({ client, maxWaitTime: 30 }, { CertificateAuthorityArn: authority, CertificateArn });
  const certificate = await client.send(new sdk.GetCertificateCommand({ CertificateAuthorityArn: authority, CertificateArn }));
  const again = await client.send(new sdk.IssueCertificateCommand(order));

  const created = await client.send(
    new sdk.CreateCertificateAuthorityCommand({
      CertificateAuthorityType: "SUBORDINATE",
      CertificateAuthorityConfiguration: {
        KeyAlgorithm: "EC_prime256v1", SigningAlgorithm: "SHA256WITHECDSA", Subject: { CommonName: "From JavaScript" },
      },
      Tags: [{ Key: "made-by", Value: "js" }],
    }),
  );
  await sdk.waitUntilCertificateAuthorityCSRCreated({ client, maxWaitTime: 30 }, created);
  const csr = await client.send(new sdk.GetCertificateAuthorityCsrCommand(created));

  const arns = [];
  for await (const page of sdk.paginateListCertificateAuthorities({ client, pageSize: 1 }, {})) {
    arns.push(...page.CertificateAuthorities.map((one) => one.Arn));
  }
  const tags = [];
  for await (const page of sdk.paginateListTags({ client }, created)) {
    tags.push(...page.Tags);
  }
  console.log(
    JSON.stringify({
      status: described.CertificateAuthority.Status,
      createdAt: described.CertificateAuthority.CreatedAt instanceof Date,
      certificate: certificate.Certificate,
      chain: certificate.CertificateChain,
      same: again.CertificateArn === CertificateArn,
      csr: csr.Csr,
      created: created.CertificateAuthorityArn,
      arns,
      tags,
      malformed: await errorOf(new sdk.IssueCertificateCommand({ ...order, IdempotencyToken: "other", Csr: Buffer.from("none") })),
      missing: await errorOf(
        new sdk.DescribeCertificateAuthorityCommand({ CertificateAuthorityArn: authority.slice(0, -12) + "000000000000" }),
      ),
    }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
