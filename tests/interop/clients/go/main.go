// What applications do with AWS's SDK for Go. Each scenario prints one JSON object. Nothing here names the
// daemon: the environment does, as it would for any application.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/acmpca/schemas"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

type object = map[string]any

const patience = time.Minute

var scenarios = map[string]func(context.Context, *acmpca.Client, []string) object{
	"terraform": terraform, // BUCKET
	"sharing":   sharing,   // AUTHORITY ACCOUNT
	"issuer":    issuer,    // AUTHORITY
	"errors":    failures,  // AUTHORITY
	"throttled": throttled, // AUTHORITY
}

func main() {
	if len(os.Args) < 2 || scenarios[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: client SCENARIO [ARGUMENT]...")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	settings, err := config.LoadDefaultConfig(ctx)
	must(err)
	must(json.NewEncoder(os.Stdout).Encode(scenarios[os.Args[1]](ctx, newClient(settings), os.Args[2:])))
}

// By itself this SDK speaks RPC v2 CBOR, its releases before acmpca 1.57 spoke aws-json.
func newClient(settings aws.Config) *acmpca.Client {
	return acmpca.NewFromConfig(settings, func(options *acmpca.Options) {
		if os.Getenv("CLIENT_PROTOCOL") == "json" {
			options.Protocol = awsjson.New11(schemas.ACMPrivateCA)
		}
	})
}

// Not the token of another run.
func unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, time.Now().UnixNano()) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

// The code, the text and the Go type that errors.As finds: an error of the API's model has its own.
func described(err error) object {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return object{"type": fmt.Sprintf("%T", err), "message": fmt.Sprint(err)}
	}
	return object{"type": fmt.Sprintf("%T", answer), "code": answer.ErrorCode(), "message": answer.ErrorMessage()}
}

func errorOf[T any](_ T, err error) object { return described(err) }

// Whether the error is a T, as applications ask.
func is[T error](err error) bool {
	var wanted T
	return errors.As(err, &wanted)
}
