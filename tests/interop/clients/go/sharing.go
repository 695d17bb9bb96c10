package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/acmpca/types"
)

// Terraform's aws_acmpca_permission and aws_acmpca_policy: create, read, destroy.
func sharing(ctx context.Context, client *acmpca.Client, arguments []string) object {
	arn, seen := &arguments[0], object{}
	grant := &acmpca.CreatePermissionInput{
		CertificateAuthorityArn: arn, Principal: aws.String("acm.amazonaws.com"), SourceAccount: &arguments[1],
		Actions: []types.ActionType{types.ActionTypeIssueCertificate, types.ActionTypeGetCertificate, types.ActionTypeListPermissions},
	}
	got(client.CreatePermission(ctx, grant))
	seen["granted_again"] = errorOf(client.CreatePermission(ctx, grant))
	listed := func() []types.Permission {
		var all []types.Permission
		pages := acmpca.NewListPermissionsPaginator(client, &acmpca.ListPermissionsInput{CertificateAuthorityArn: arn})
		for pages.HasMorePages() {
			all = append(all, got(pages.NextPage(ctx)).Permissions...)
		}
		return all
	}
	for _, one := range listed() {
		seen["permission"] = object{
			"authority": *one.CertificateAuthorityArn == *arn, "principal": *one.Principal, "account": *one.SourceAccount,
			"actions": one.Actions, "policy": aws.ToString(one.Policy), "created": one.CreatedAt != nil,
		}
	}
	got(client.DeletePermission(ctx, &acmpca.DeletePermissionInput{CertificateAuthorityArn: arn, Principal: grant.Principal, SourceAccount: grant.SourceAccount}))
	seen["left"] = len(listed())

	seen["no_policy"] = errorOf(client.GetPolicy(ctx, &acmpca.GetPolicyInput{ResourceArn: arn}))
	policy := `{"Version":"2012-10-17","Statement":[
	 {"Sid":"1","Effect":"Allow","Principal":{"AWS":"` + arguments[1] + `"},"Resource":"` + *arn + `",
	  "Action":["acm-pca:DescribeCertificateAuthority","acm-pca:GetCertificate","acm-pca:GetCertificateAuthorityCertificate","acm-pca:ListPermissions","acm-pca:ListTags"]},
	 {"Sid":"1","Effect":"Allow","Principal":{"AWS":"` + arguments[1] + `"},"Resource":"` + *arn + `","Action":["acm-pca:IssueCertificate"],
	  "Condition":{"StringEquals":{"acm-pca:TemplateArn":"arn:aws:acm-pca:::template/EndEntityCertificate/V1"}}}]}`
	got(client.PutPolicy(ctx, &acmpca.PutPolicyInput{ResourceArn: arn, Policy: &policy}))
	seen["policy_sent"] = policy
	seen["policy"] = aws.ToString(got(client.GetPolicy(ctx, &acmpca.GetPolicyInput{ResourceArn: arn})).Policy)
	got(client.DeletePolicy(ctx, &acmpca.DeletePolicyInput{ResourceArn: arn}))
	got(client.DeletePolicy(ctx, &acmpca.DeletePolicyInput{ResourceArn: arn}))
	seen["policy_gone"] = errorOf(client.GetPolicy(ctx, &acmpca.GetPolicyInput{ResourceArn: arn}))
	return seen
}
