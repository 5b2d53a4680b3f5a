package registry

import "testing"

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
