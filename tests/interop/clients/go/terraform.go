package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/acmpca/types"
)

// An authority as Terraform's aws_acmpca_certificate_authority knows it.
type authority struct {
	ctx    context.Context
	client *acmpca.Client
	arn    *string
}

// The members of a RevocationConfiguration that Terraform compares with its file: any other value than the
// one that was sent is a change in every plan from then on.
type planned struct {
	CrlEnabled  bool
	Days        int32
	Cname       string
	Bucket      string
	Acl         types.S3ObjectAcl
	OcspEnabled bool
	OcspCname   string
}

func (p planned) configuration() *types.RevocationConfiguration {
	text := func(value string) *string {
		if value == "" {
			return nil
		}
		return &value
	}
	crl := &types.CrlConfiguration{Enabled: &p.CrlEnabled}
	if p.CrlEnabled {
		crl.CustomCname, crl.ExpirationInDays, crl.S3BucketName, crl.S3ObjectAcl = text(p.Cname), &p.Days, text(p.Bucket), p.Acl
	}
	return &types.RevocationConfiguration{
		CrlConfiguration:  crl,
		OcspConfiguration: &types.OcspConfiguration{Enabled: &p.OcspEnabled, OcspCustomCname: text(p.OcspCname)},
	}
}

func read(from *types.RevocationConfiguration) planned {
	crl, ocsp := from.CrlConfiguration, from.OcspConfiguration
	return planned{
		CrlEnabled: aws.ToBool(crl.Enabled), Days: aws.ToInt32(crl.ExpirationInDays), Cname: aws.ToString(crl.CustomCname),
		Bucket: aws.ToString(crl.S3BucketName), Acl: crl.S3ObjectAcl,
		OcspEnabled: aws.ToBool(ocsp.Enabled), OcspCname: aws.ToString(ocsp.OcspCustomCname),
	}
}

func create(ctx context.Context, client *acmpca.Client, kind types.CertificateAuthorityType, name string, plan *planned) authority {
	input := &acmpca.CreateCertificateAuthorityInput{
		CertificateAuthorityType: kind,
		CertificateAuthorityConfiguration: &types.CertificateAuthorityConfiguration{
			KeyAlgorithm: types.KeyAlgorithmEcPrime256v1, SigningAlgorithm: types.SigningAlgorithmSha256withecdsa,
			Subject: &types.ASN1Subject{CommonName: &name, Organization: aws.String("Example"), Country: aws.String("DE")},
		},
		IdempotencyToken:           aws.String(unique("terraform")),
		Tags:                       []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}, {Key: aws.String("stage"), Value: aws.String("test")}},
		KeyStorageSecurityStandard: types.KeyStorageSecurityStandardFips1402Level3OrHigher,
		UsageMode:                  types.CertificateAuthorityUsageModeGeneralPurpose,
	}
	if plan != nil {
		input.RevocationConfiguration = plan.configuration()
	}
	made := authority{ctx, client, got(client.CreateCertificateAuthority(ctx, input)).CertificateAuthorityArn}
	// Terraform polls DescribeCertificateAuthority; the SDK's own waiter asks for the CSR.
	waiter := acmpca.NewCertificateAuthorityCSRCreatedWaiter(client)
	must(waiter.Wait(ctx, &acmpca.GetCertificateAuthorityCsrInput{CertificateAuthorityArn: made.arn}, patience))
	return made
}

func (a authority) describe() *types.CertificateAuthority {
	return got(a.client.DescribeCertificateAuthority(a.ctx, &acmpca.DescribeCertificateAuthorityInput{CertificateAuthorityArn: a.arn})).CertificateAuthority
}

// The resource's and the data source's refresh: what it writes into the state.
func (a authority) refresh() object {
	is := a.describe()
	state := object{
		"arn": *is.Arn == *a.arn, "status": is.Status, "type": is.Type, "serial": aws.ToString(is.Serial), "usage": is.UsageMode,
		"standard": is.KeyStorageSecurityStandard, "organization": aws.ToString(is.CertificateAuthorityConfiguration.Subject.Organization),
		"tags": a.tags(), "dated": is.NotBefore != nil && is.NotAfter != nil && is.NotBefore.Before(*is.NotAfter),
	}
	own, err := a.client.GetCertificateAuthorityCertificate(a.ctx, &acmpca.GetCertificateAuthorityCertificateInput{CertificateAuthorityArn: a.arn})
	if err == nil {
		state["certificate"], state["chain"] = aws.ToString(own.Certificate), aws.ToString(own.CertificateChain)
	} else {
		state["no_certificate"] = described(err)
	}
	state["csr"] = aws.ToString(got(a.client.GetCertificateAuthorityCsr(a.ctx, &acmpca.GetCertificateAuthorityCsrInput{CertificateAuthorityArn: a.arn})).Csr)
	return state
}

func (a authority) tags() object {
	tags := object{}
	pages := acmpca.NewListTagsPaginator(a.client, &acmpca.ListTagsInput{CertificateAuthorityArn: a.arn, MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		for _, tag := range got(pages.NextPage(a.ctx)).Tags {
			tags[*tag.Key] = aws.ToString(tag.Value)
		}
	}
	return tags
}

// A changed revocation_configuration block. The plan after it must be empty: the answer says what is not.
func (a authority) revocation(plan planned) object {
	got(a.client.UpdateCertificateAuthority(a.ctx, &acmpca.UpdateCertificateAuthorityInput{CertificateAuthorityArn: a.arn, RevocationConfiguration: plan.configuration()}))
	return difference(plan, read(a.describe().RevocationConfiguration))
}

func difference(sent, back planned) object {
	diff := object{}
	for i := range reflect.TypeFor[planned]().NumField() {
		one, other := reflect.ValueOf(sent).Field(i).Interface(), reflect.ValueOf(back).Field(i).Interface()
		if one != other {
			diff[reflect.TypeFor[planned]().Field(i).Name] = fmt.Sprintf("%v != %v", one, other)
		}
	}
	return diff
}

// aws_acmpca_certificate. What is issued ends before its issuer, which was issued a moment earlier.
func (a authority) certificate(csr, template string, days int64) (arn string, pair *acmpca.GetCertificateOutput) {
	issued := got(a.client.IssueCertificate(a.ctx, &acmpca.IssueCertificateInput{
		CertificateAuthorityArn: a.arn, Csr: []byte(csr), SigningAlgorithm: types.SigningAlgorithmSha256withecdsa,
		TemplateArn:      aws.String("arn:aws:acm-pca:::template/" + template + "/V1"),
		Validity:         &types.Validity{Type: types.ValidityPeriodTypeDays, Value: aws.Int64(days)},
		IdempotencyToken: aws.String(unique("terraform")),
	}))
	get := &acmpca.GetCertificateInput{CertificateAuthorityArn: a.arn, CertificateArn: issued.CertificateArn}
	must(acmpca.NewCertificateIssuedWaiter(a.client).Wait(a.ctx, get, patience))
	return *issued.CertificateArn, got(a.client.GetCertificate(a.ctx, get))
}

// aws_acmpca_certificate_authority_certificate: whether what is read back is what was imported, byte by byte.
func (a authority) activate(certificate, chain *string) bool {
	input := &acmpca.ImportCertificateAuthorityCertificateInput{CertificateAuthorityArn: a.arn, Certificate: []byte(*certificate)}
	if chain != nil {
		input.CertificateChain = []byte(*chain)
	}
	got(a.client.ImportCertificateAuthorityCertificate(a.ctx, input))
	own := got(a.client.GetCertificateAuthorityCertificate(a.ctx, &acmpca.GetCertificateAuthorityCertificateInput{CertificateAuthorityArn: a.arn}))
	return *own.Certificate == *certificate && aws.ToString(own.CertificateChain) == aws.ToString(chain)
}

// The serial as Terraform writes it: a number's hexadecimal digits, without leading zeros.
func (a authority) revoke(certificate string) error {
	block, _ := pem.Decode([]byte(certificate))
	parsed := got(x509.ParseCertificate(block.Bytes))
	_, err := a.client.RevokeCertificate(a.ctx, &acmpca.RevokeCertificateInput{
		CertificateAuthorityArn: a.arn, CertificateSerial: aws.String(fmt.Sprintf("%x", parsed.SerialNumber)), RevocationReason: types.RevocationReasonUnspecified,
	})
	return err
}

func (a authority) set(status types.CertificateAuthorityStatus) error {
	_, err := a.client.UpdateCertificateAuthority(a.ctx, &acmpca.UpdateCertificateAuthorityInput{CertificateAuthorityArn: a.arn, Status: status})
	return err
}

// Terraform's destroy; the error of the step that it tolerates in one case only.
func (a authority) destroy() error {
	err := a.set(types.CertificateAuthorityStatusDisabled)
	if err != nil && !(is[*types.InvalidStateException](err) && strings.Contains(err.Error(), "The certificate authority must be in the ACTIVE or DISABLED state to be updated")) {
		panic(err)
	}
	got(a.client.DeleteCertificateAuthority(a.ctx, &acmpca.DeleteCertificateAuthorityInput{CertificateAuthorityArn: a.arn, PermanentDeletionTimeInDays: aws.Int32(7)}))
	return err
}

func terraform(ctx context.Context, client *acmpca.Client, arguments []string) object {
	seen := object{}
	crls := planned{CrlEnabled: true, Days: 7, Bucket: arguments[0], Acl: types.S3ObjectAclBucketOwnerFullControl}
	root := create(ctx, client, types.CertificateAuthorityTypeRoot, "Root", nil)
	lower := create(ctx, client, types.CertificateAuthorityTypeSubordinate, "Lower", &crls)
	seen["root_pending"], seen["lower_pending"] = root.refresh(), lower.refresh()
	seen["created_diff"] = difference(crls, read(lower.describe().RevocationConfiguration))
	seen["default_diff"] = difference(planned{}, read(root.describe().RevocationConfiguration))

	_, own := root.certificate(seen["root_pending"].(object)["csr"].(string), "RootCACertificate", 90)
	seen["root_chain_absent"] = own.CertificateChain == nil
	seen["root_same"] = root.activate(own.Certificate, nil)
	_, signed := root.certificate(seen["lower_pending"].(object)["csr"].(string), "SubordinateCACertificate_PathLen0", 60)
	seen["lower_same"] = lower.activate(signed.Certificate, signed.CertificateChain)
	seen["root_active"], seen["lower_active"] = root.refresh(), lower.refresh()
	seen["self_signed"] = described(root.revoke(*own.Certificate))

	both := planned{CrlEnabled: true, Days: 30, Cname: "crl.example.com", Bucket: arguments[0], Acl: types.S3ObjectAclPublicRead, OcspEnabled: true, OcspCname: "ocsp.example.com"}
	seen["updated_diff"] = lower.revocation(both)
	_, leaf := lower.certificate(request("CN=terraform"), "EndEntityServerAuthCertificate", 30)
	seen["leaf"], seen["leaf_chain"] = *leaf.Certificate, *leaf.CertificateChain
	seen["off_diff"] = lower.revocation(planned{})
	seen["ocsp_diff"] = lower.revocation(planned{OcspEnabled: true})

	must(lower.revoke(*leaf.Certificate))
	seen["revoked_again"] = described(lower.revoke(*leaf.Certificate))
	got(client.UntagCertificateAuthority(ctx, &acmpca.UntagCertificateAuthorityInput{CertificateAuthorityArn: lower.arn, Tags: []types.Tag{{Key: aws.String("stage"), Value: aws.String("test")}}}))
	got(client.TagCertificateAuthority(ctx, &acmpca.TagCertificateAuthorityInput{CertificateAuthorityArn: lower.arn, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}}))
	seen["tags"] = lower.tags()

	must(lower.set(types.CertificateAuthorityStatusDisabled))
	seen["disabled"] = lower.describe().Status
	seen["issue_disabled"] = errorOf(client.IssueCertificate(ctx, &acmpca.IssueCertificateInput{
		CertificateAuthorityArn: lower.arn, Csr: []byte(request("CN=late")), SigningAlgorithm: types.SigningAlgorithmSha256withecdsa,
		Validity: &types.Validity{Type: types.ValidityPeriodTypeDays, Value: aws.Int64(1)},
	}))
	must(lower.set(types.CertificateAuthorityStatusActive))
	must(lower.destroy())
	deleted := lower.describe()
	seen["deleted"] = object{"status": deleted.Status, "restorable": deleted.RestorableUntil != nil}
	seen["deleted_permissions"] = errorOf(client.ListPermissions(ctx, &acmpca.ListPermissionsInput{CertificateAuthorityArn: lower.arn}))
	got(client.RestoreCertificateAuthority(ctx, &acmpca.RestoreCertificateAuthorityInput{CertificateAuthorityArn: lower.arn}))
	seen["restored"] = lower.describe().Status
	never := create(ctx, client, types.CertificateAuthorityTypeSubordinate, "Never", nil)
	seen["pending_update"] = described(never.destroy())
	return seen
}
