package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/acmpca/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func signedRequest(csr *x509.CertificateRequest) string {
	key := got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: got(x509.CreateCertificateRequest(rand.Reader, csr, key))}))
}

func request(name string) string {
	return signedRequest(&x509.CertificateRequest{
		Subject: pkix.Name{CommonName: strings.TrimPrefix(name, "CN=")}, DNSNames: []string{"go.example"},
	})
}

func extension(oid asn1.ObjectIdentifier, critical bool, value any) pkix.Extension {
	return pkix.Extension{Id: oid, Critical: critical, Value: got(asn1.Marshal(value))}
}

var (
	keyUsage    = asn1.ObjectIdentifier{2, 5, 29, 15}
	extKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	serverAuth  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	clientAuth  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
)

// A request as cert-manager makes it for a Certificate without a common name: usages and names are extensions.
func certManagerRequest(bits byte, used int, purposes ...asn1.ObjectIdentifier) string {
	csr := &x509.CertificateRequest{
		DNSNames:        []string{"app.example", "app.namespace.svc"},
		ExtraExtensions: []pkix.Extension{extension(keyUsage, true, asn1.BitString{Bytes: []byte{bits}, BitLength: used})},
	}
	if len(purposes) > 0 {
		csr.ExtraExtensions = append(csr.ExtraExtensions, extension(extKeyUsage, false, purposes))
	}
	return signedRequest(csr)
}

// A controller's provisioner, as aws-privateca-issuer has it: the authority's algorithm is read once.
type provisioner struct {
	ctx       context.Context
	client    *acmpca.Client
	arn       *string
	algorithm types.SigningAlgorithm
	namespace string
}

func (p provisioner) order(name, template, csr string) (*acmpca.IssueCertificateOutput, error) {
	token := sha256.Sum256([]byte(p.namespace + "/" + name))
	return p.client.IssueCertificate(p.ctx, &acmpca.IssueCertificateInput{
		CertificateAuthorityArn: p.arn, SigningAlgorithm: p.algorithm, Csr: []byte(csr),
		TemplateArn:      aws.String("arn:aws:acm-pca:::template/" + template + "/V1"),
		Validity:         &types.Validity{Type: types.ValidityPeriodTypeAbsolute, Value: aws.Int64(time.Now().Add(30 * 24 * time.Hour).Unix())},
		IdempotencyToken: aws.String(hex.EncodeToString(token[:])[:36]),
	})
}

// tls.crt and ca.crt of the secret, taken apart as the controller does: nothing may follow the last block but
// one newline.
func (p provisioner) secret(name, template, csr string) object {
	ordered := got(p.order(name, template, csr))
	get := &acmpca.GetCertificateInput{CertificateAuthorityArn: p.arn, CertificateArn: ordered.CertificateArn}
	must(acmpca.NewCertificateIssuedWaiter(p.client).Wait(p.ctx, get, patience))
	pair := got(p.client.GetCertificate(p.ctx, get))
	var blocks []string
	for rest := []byte(*pair.CertificateChain); len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			panic("text behind the last certificate of the chain")
		}
		blocks = append(blocks, string(pem.EncodeToMemory(block)))
	}
	last := len(blocks) - 1
	return object{"crt": *pair.Certificate + "\n" + strings.Join(blocks[:last], ""), "ca": blocks[last], "arn": *ordered.CertificateArn}
}

func issuer(ctx context.Context, client *acmpca.Client, arguments []string) object {
	settings := got(config.LoadDefaultConfig(ctx, config.WithRetryer(func() aws.Retryer {
		return retry.AddWithErrorCodes(retry.NewStandard(), "RequestInProgressException")
	})))
	who := got(sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	client = newClient(settings)
	authority := got(client.DescribeCertificateAuthority(ctx, &acmpca.DescribeCertificateAuthorityInput{CertificateAuthorityArn: &arguments[0]})).CertificateAuthority
	with := provisioner{ctx, client, &arguments[0], authority.CertificateAuthorityConfiguration.SigningAlgorithm, unique("namespace")}

	// digital signature, key encipherment: cert-manager's usages when a Certificate names none.
	usual := certManagerRequest(0xa0, 3)
	seen := object{"caller": aws.ToString(who.Arn), "algorithm": with.algorithm}
	seen["usual"] = with.secret("usual", "BlankEndEntityCertificate_APICSRPassthrough", usual)
	seen["again"] = got(with.order("usual", "BlankEndEntityCertificate_APICSRPassthrough", usual)).CertificateArn
	seen["other_key"] = errorOf(with.order("usual", "BlankEndEntityCertificate_APICSRPassthrough", certManagerRequest(0xa0, 3)))
	seen["purposes"] = with.secret("purposes", "BlankEndEntityCertificate_APICSRPassthrough", certManagerRequest(0x80, 1, serverAuth, clientAuth))
	seen["client"] = with.secret("client", "EndEntityClientAuthCertificate", certManagerRequest(0xa0, 3, clientAuth))
	seen["server"] = with.secret("server", "EndEntityServerAuthCertificate", certManagerRequest(0xa0, 3, serverAuth))
	seen["both"] = with.secret("both", "EndEntityCertificate", certManagerRequest(0xa0, 3, clientAuth, serverAuth))
	seen["no_template"] = errorOf(with.order("none", "InvalidTemplateName", usual))
	return seen
}
