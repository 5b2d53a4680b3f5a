package registry

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/credentials"
)

// TestLoginCommand checks the command for each registry with one of its own, and that names
// that only look like theirs get docker login.
func TestLoginCommand(t *testing.T) {
	ecr := func(region, host string) string {
		return "aws ecr get-login-password --region " + region + " | docker login --username AWS --password-stdin " + host
	}
	for name, want := range map[string]string{
		"docker.io": "docker login",

		"123456789012.dkr.ecr.eu-west-1.amazonaws.com":                ecr("eu-west-1", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com":       ecr("us-gov-west-1", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com"),
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":            ecr("cn-north-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"),
		"123456789012.dkr-ecr.eu-west-1.on.aws":                       ecr("eu-west-1", "123456789012.dkr-ecr.eu-west-1.on.aws"),
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn": ecr("cn-north-1", "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn"),
		"public.ecr.aws": "aws ecr-public get-login-password --region us-east-1 | docker login --username AWS --password-stdin public.ecr.aws",

		"gcr.io":                                 "gcloud auth configure-docker gcr.io",
		"eu.gcr.io":                              "gcloud auth configure-docker eu.gcr.io",
		"europe-docker.pkg.dev":                  "gcloud auth configure-docker europe-docker.pkg.dev",
		"northamerica-northeast1-docker.pkg.dev": "gcloud auth configure-docker northamerica-northeast1-docker.pkg.dev",

		"myreg.azurecr.io":        "az acr login --name myreg",
		"myreg.azurecr.cn":        "az acr login --name myreg",
		"myreg.azurecr.us":        "az acr login --name myreg",
		"myreg-a1b2c3.azurecr.io": "az acr login --name myreg",

		"ghcr.io": "gh auth token | docker login ghcr.io -u USER --password-stdin",

		"registry.gitlab.com": "docker login registry.gitlab.com",
		"quay.io":             "docker login quay.io",
		"localhost:5000":      "docker login localhost:5000",

		// near misses
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example": "docker login 123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
		"dkr.ecr.eu-west-1.amazonaws.com":                           "docker login dkr.ecr.eu-west-1.amazonaws.com",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com:443":          "docker login 123456789012.dkr.ecr.eu-west-1.amazonaws.com:443",
		"123456789012.dkr.ecr.eu.west.1.amazonaws.com":              "docker login 123456789012.dkr.ecr.eu.west.1.amazonaws.com",
		"123456789012xdkr.ecr.eu-west-1.amazonaws.com":              "docker login 123456789012xdkr.ecr.eu-west-1.amazonaws.com",
		"x.public.ecr.aws":           "docker login x.public.ecr.aws",
		"public.ecr.aws.example":     "docker login public.ecr.aws.example",
		"evilgcr.io":                 "docker login evilgcr.io",
		"gcr.io.example":             "docker login gcr.io.example",
		"a.b.gcr.io":                 "docker login a.b.gcr.io",
		"pkg.dev":                    "docker login pkg.dev",
		"evil.europe-docker.pkg.dev": "docker login evil.europe-docker.pkg.dev",
		"azurecr.io":                 "docker login azurecr.io",
		"myreg.azurecr.io.example":   "docker login myreg.azurecr.io.example",
		"a.myreg.azurecr.io":         "docker login a.myreg.azurecr.io",
		"ghcr.io:443":                "docker login ghcr.io:443",
		"notghcr.io":                 "docker login notghcr.io",
		"docker.io.example":          "docker login docker.io.example",
	} {
		if got, _, _ := loginCommand(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestLoginSteps_ofHelper checks the step after a refusal where a credential helper supplied the
// login, and that names that only look like those of known helpers are not taken for them.
func TestLoginSteps_ofHelper(t *testing.T) {
	const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	const ecrLogin = "aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin " + ecr
	const aws = "run aws sts get-caller-identity to see the AWS account in use; AWS_PROFILE selects another"
	const gcloud = "run gcloud auth list to see the account, and gcloud auth login to use another"
	tool := func(name string) string { return " (or use the tool of " + name + ")" }
	for _, tt := range []struct {
		host, helper           string
		again, account, expire string
	}{
		{"gcr.io", "docker-credential-gcloud", "log in again: gcloud auth login", gcloud, "log in again: gcloud auth login"},
		{"gcr.io", "/opt/google/docker-credential-gcloud", "log in again: gcloud auth login", gcloud, "log in again: gcloud auth login"},
		{"gcr.io", "docker-credential-gcr", "log in again: docker-credential-gcr gcr-login",
			"log in with an account that has access: docker-credential-gcr gcr-login", "log in again: docker-credential-gcr gcr-login"},
		{ecr, "docker-credential-ecr-login", aws, aws, aws},
		{"public.ecr.aws", "docker-credential-ecr-login", aws, aws, aws},
		{"reg.example", "docker-credential-desktop.exe", "run docker login reg.example again",
			"run docker login reg.example with an account that has access", "run docker login reg.example with a new password or token"},
		{ecr, "docker-credential-pass", "log in again: " + ecrLogin, "log in with an account that has access: " + ecrLogin, "log in again: " + ecrLogin},
		{"reg.example", "docker-credential-gcloud2", "run docker login reg.example again" + tool("docker-credential-gcloud2"),
			"run docker login reg.example with an account that has access" + tool("docker-credential-gcloud2"),
			"run docker login reg.example with a new password or token" + tool("docker-credential-gcloud2")},
		{ecr, "docker-credential-x", "log in again" + tool("docker-credential-x") + ": " + ecrLogin,
			"log in with an account that has access" + tool("docker-credential-x") + ": " + ecrLogin,
			"log in again" + tool("docker-credential-x") + ": " + ecrLogin},
		{"reg.example", "", "run docker login reg.example again",
			"run docker login reg.example with an account that has access", "run docker login reg.example with a new password or token"},
	} {
		h := newClient(t, Options{}).host(tt.host)
		login := credentials.Login{Username: "me", Password: "pw", Helper: tt.helper, Source: "docker-credential-gcloud"}.String()
		for got, want := range map[string]string{h.logInAgain(login): tt.again, h.useOtherAccount(login): tt.account, h.renewLogin(login): tt.expire} {
			if got != want {
				t.Errorf("%s, %q:\ngot  %s\nwant %s", tt.host, tt.helper, got, want)
			}
		}
	}
}

// TestHelperWithoutLogin checks that a helper without a login is named only for the registries of
// its cloud: for others docker login is the step.
func TestHelperWithoutLogin(t *testing.T) {
	const none = "#!/bin/sh\necho 'credentials not found in native keychain'; exit 1\n"
	home(t, map[string]string{"bin/docker-credential-ecr-login": none, "bin/docker-credential-desktop": none})
	basic := status(401, "", "WWW-Authenticate", `Basic realm="here"`)
	for _, tt := range []struct{ helper, host, want string }{
		{"ecr-login", "public.ecr.aws", ", and the credential helper docker-credential-ecr-login has none; " + ecrAccount},
		{"ecr-login", "reg.example", ", or it does not exist; run docker login reg.example"},
		{"desktop", "reg.example", ", or it does not exist; run docker login reg.example"},
		{"desktop", "ghcr.io", ", or it does not exist; run gh auth token | docker login ghcr.io -u USER --password-stdin"},
	} {
		n := &namedHosts{hosts: map[string]http.HandlerFunc{tt.host: basic}}
		c := n.client(t, tt.host, "")
		c.credentials.AddAuthFile("config.json", fmt.Appendf(nil, `{"credsStore":%q}`, tt.helper))
		_, err := c.Load(deadline(t), model.Ref{Registry: tt.host, Repository: "app", Tag: "1"}, nil)
		if want := tt.host + " requires a login for app:1" + tt.want; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
