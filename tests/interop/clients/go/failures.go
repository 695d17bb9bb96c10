package main

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/acmpca/types"
)

// What applications tell apart by type, and what the model does not know and the code says.
func failures(ctx context.Context, client *acmpca.Client, arguments []string) object {
	missing := aws.String(arguments[0][:len(arguments[0])-12] + "000000000000")
	describe := func(arn *string) (*acmpca.DescribeCertificateAuthorityOutput, error) {
		return client.DescribeCertificateAuthority(ctx, &acmpca.DescribeCertificateAuthorityInput{CertificateAuthorityArn: arn})
	}
	order := acmpca.IssueCertificateInput{
		CertificateAuthorityArn: &arguments[0], Csr: []byte("none"), SigningAlgorithm: types.SigningAlgorithmSha256withecdsa,
		Validity: &types.Validity{Type: types.ValidityPeriodTypeDays, Value: aws.Int64(1)},
	}
	long := order
	long.Csr = []byte(request("CN=long"))
	long.Validity = &types.Validity{Type: types.ValidityPeriodTypeYears, Value: aws.Int64(500)}
	wrong := order
	wrong.SigningAlgorithm = types.SigningAlgorithmSha256withrsa
	wrong.Csr = long.Csr
	create := &acmpca.CreateCertificateAuthorityInput{
		CertificateAuthorityType: types.CertificateAuthorityTypeRoot,
		CertificateAuthorityConfiguration: &types.CertificateAuthorityConfiguration{
			KeyAlgorithm: types.KeyAlgorithmEcPrime256v1, SigningAlgorithm: types.SigningAlgorithmSha256withecdsa, Subject: &types.ASN1Subject{CommonName: aws.String("None")},
		},
		RevocationConfiguration: planned{CrlEnabled: true, Days: 7, Bucket: "no-such-bucket"}.configuration(),
	}
	_, err := describe(missing)
	return object{
		"missing_is_typed": is[*types.ResourceNotFoundException](err),
		"missing":          described(err),
		"arn":              errorOf(describe(aws.String("arn:aws:acm-pca:us-east-1:123456789012:something"))),
		"csr":              errorOf(client.IssueCertificate(ctx, &order)),
		"long":             errorOf(client.IssueCertificate(ctx, &long)),
		"wrong":            errorOf(client.IssueCertificate(ctx, &wrong)),
		"bucket":           errorOf(client.CreateCertificateAuthority(ctx, create)),
		"certificate": errorOf(client.GetCertificate(ctx, &acmpca.GetCertificateInput{
			CertificateAuthorityArn: &arguments[0], CertificateArn: aws.String(arguments[0] + "/certificate/0123456789abcdef0123456789abcdef")})),
	}
}

// More at once than the caller may: the SDK's own retries get every answer in the end. The answer says how
// many attempts it took.
func throttled(ctx context.Context, client *acmpca.Client, arguments []string) object {
	var group sync.WaitGroup
	attempts := make([]int, 6)
	for i := range attempts {
		group.Add(1)
		go func() {
			defer group.Done()
			out := got(client.DescribeCertificateAuthority(ctx, &acmpca.DescribeCertificateAuthorityInput{CertificateAuthorityArn: &arguments[0]}))
			results, _ := retry.GetAttemptResults(out.ResultMetadata)
			attempts[i] = len(results.Results)
		}()
	}
	group.Wait()
	once := client.Options().Copy()
	once.Retryer = aws.NopRetryer{}
	refused := object{}
	for tries := 0; len(refused) == 0 && tries < 100; tries++ {
		_, err := acmpca.New(once).DescribeCertificateAuthority(ctx, &acmpca.DescribeCertificateAuthorityInput{CertificateAuthorityArn: &arguments[0]})
		if err != nil {
			refused = described(err)
		}
	}
	return object{"attempts": attempts, "refused": refused}
}
