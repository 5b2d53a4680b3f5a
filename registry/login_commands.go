package registry

import (
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
)

// loginCommands are the registries with a login command of their own, by name. A command
// has the name as $0, and the groups of the pattern.
var loginCommands = []struct {
	name    *regexp.Regexp
	command string
	refused string // the step after a login was refused, in place of the command
	helper  string // the credential helper of the cloud
}{
	{ // as in amazon-ecr-credential-helper, ecr-login/api/client.go
		name: regexp.MustCompile(`^[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.` +
			`(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn|sc2s\.sgov\.gov|c2s\.ic\.gov)$`),
		command: "aws ecr get-login-password --region $region | docker login --username AWS --password-stdin $0",
		helper:  ecrHelper,
	},
	{
		name:    regexp.MustCompile(`^public\.ecr\.aws$`),
		command: "aws ecr-public get-login-password --region us-east-1 | docker login --username AWS --password-stdin $0",
		refused: "run docker logout $0: public images need no login",
		helper:  ecrHelper,
	},
	{
		name:    regexp.MustCompile(`^(?:[a-z0-9-]+\.)?gcr\.io$|^[a-z0-9-]+\.pkg\.dev$`),
		command: "gcloud auth configure-docker $0",
		helper:  gcloudHelper,
	},
	{ // a name may have a hash after a hyphen, which is not part of the registry's name in Azure
		name:    regexp.MustCompile(`^(?P<name>[a-z0-9]+)(?:-[a-z0-9]+)?\.azurecr\.(?:io|cn|us)$`),
		command: "az acr login --name $name",
	},
	{name: regexp.MustCompile(`^ghcr\.io$`), command: "gh auth token | docker login $0 -u USER --password-stdin"},
}

// The credential helpers of clouds.
const (
	ecrHelper    = "docker-credential-ecr-login"
	gcloudHelper = "docker-credential-gcloud"
	gcrHelper    = "docker-credential-gcr"
)

// toolLogins are the steps for credential helpers that get each login from a tool of a cloud, by
// name: docker login changes nothing where they are set.
var toolLogins = map[string]struct {
	again   string // after a login was rejected, or has expired
	account string // after a login without access
}{
	ecrHelper: {again: ecrAccount, account: ecrAccount},
	gcloudHelper: {
		again:   "log in again: gcloud auth login",
		account: "run gcloud auth list to see the account, and gcloud auth login to use another",
	},
	gcrHelper: {
		again:   "log in again: docker-credential-gcr gcr-login",
		account: "log in with an account that has access: docker-credential-gcr gcr-login",
	},
}

// ecrAccount is for all failures of docker-credential-ecr-login: it gets a new login when the last
// one has expired.
const ecrAccount = "run aws sts get-caller-identity to see the AWS account in use; AWS_PROFILE selects another"

// loginStores are the credential helpers that keep what docker login writes.
var loginStores = []string{
	"docker-credential-desktop", "docker-credential-osxkeychain", "docker-credential-pass",
	"docker-credential-secretservice", "docker-credential-wincred",
}

// helperName is the name of a credential helper without its folder.
func helperName(prog string) string { return strings.TrimSuffix(filepath.Base(prog), ".exe") }

// loginCommand returns the command that logs in to a registry, and what replaces it after a
// login was refused. own is false for docker login.
func loginCommand(name string) (command, refused string, own bool) {
	for _, c := range loginCommands {
		if at := c.name.FindStringSubmatchIndex(name); at != nil {
			expand := func(template string) string { return string(c.name.ExpandString(nil, template, name, at)) }
			return expand(c.command), expand(c.refused), true
		}
	}
	if name == model.DockerHub {
		return "docker login", "", false
	}
	return "docker login " + name, "", false
}

// logIn is the step to log in to the registry. how follows it, as "again". A long command
// comes last, so that it can be copied.
func (h *host) logIn(how string) string {
	command, _, own := loginCommand(h.name)
	switch {
	case how == "":
		return "run " + command
	case own:
		return "log in " + how + ": " + command
	}
	return "run " + command + " " + how
}

// orWithTool is how to log in after a login was refused. A credential helper that may not keep
// what docker login writes can have another tool for that.
func orWithTool(how, login string) string {
	helper := credentials.HelperOf(login)
	if helper == "" || slices.Contains(loginStores, helperName(helper)) {
		return how
	}
	return how + " (or use the tool of " + helper + ")"
}

// logInAgain is the step after a login was refused. login is its name.
func (h *host) logInAgain(login string) string {
	if tool, ok := toolLogins[helperName(credentials.HelperOf(login))]; ok {
		return tool.again
	}
	if _, refused, _ := loginCommand(h.name); refused != "" {
		return refused
	}
	return h.logIn(orWithTool("again", login))
}

// useOtherAccount is the step after a login without access. login is its name, "" if none was sent.
func (h *host) useOtherAccount(login string) string {
	if tool, ok := toolLogins[helperName(credentials.HelperOf(login))]; ok {
		return tool.account
	}
	return h.logIn(orWithTool("with an account that has access", login))
}

// renewLogin is the step after a login has expired: where docker login asks for a password,
// the old one may have expired.
func (h *host) renewLogin(login string) string {
	_, isTool := toolLogins[helperName(credentials.HelperOf(login))]
	if _, _, own := loginCommand(h.name); own || isTool {
		return h.logInAgain(login)
	}
	return h.logIn(orWithTool("with a new password or token", login))
}

// helperWithoutLogin is the credential helper of the registry's cloud, if it is set and has no
// login, and the step for it; "" otherwise. Some helpers say so after any failure.
func (h *host) helperWithoutLogin() (helper, step string) {
	noLogin, ok := errors.AsType[*credentials.NoLoginError](h.transport.LoginError())
	if !ok {
		return "", ""
	}
	name := helperName(noLogin.Helper)
	for _, c := range loginCommands {
		if c.helper == name && c.name.MatchString(h.name) {
			return safe.Clip(noLogin.Helper), toolLogins[name].again
		}
	}
	return "", ""
}
