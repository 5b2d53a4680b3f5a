package registry

import (
	"regexp"

	"github.com/tagdiff/tagdiff/model"
)

// loginCommands are the registries with a login command of their own, by name. A command
// has the name as $0, and the groups of the pattern.
var loginCommands = []struct {
	name    *regexp.Regexp
	command string
	refused string // the step after a login was refused, in place of the command
}{
	{ // as in amazon-ecr-credential-helper, ecr-login/api/client.go
		name: regexp.MustCompile(`^[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.` +
			`(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn|sc2s\.sgov\.gov|c2s\.ic\.gov)$`),
		command: "aws ecr get-login-password --region $region | docker login --username AWS --password-stdin $0",
	},
	{
		name:    regexp.MustCompile(`^public\.ecr\.aws$`),
		command: "aws ecr-public get-login-password --region us-east-1 | docker login --username AWS --password-stdin $0",
		refused: "run docker logout $0: public images need no login",
	},
	{name: regexp.MustCompile(`^(?:[a-z0-9-]+\.)?gcr\.io$|^[a-z0-9-]+\.pkg\.dev$`), command: "gcloud auth configure-docker $0"},
	{ // a name may have a hash after a hyphen, which is not part of the registry's name in Azure
		name:    regexp.MustCompile(`^(?P<name>[a-z0-9]+)(?:-[a-z0-9]+)?\.azurecr\.(?:io|cn|us)$`),
		command: "az acr login --name $name",
	},
	{name: regexp.MustCompile(`^ghcr\.io$`), command: "gh auth token | docker login $0 -u USER --password-stdin"},
}

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

// logInAgain is the step after a login was refused.
func (h *host) logInAgain() string {
	if _, refused, _ := loginCommand(h.name); refused != "" {
		return refused
	}
	return h.logIn("again")
}

// renewLogin is the step after a login has expired. Logins that expire often come from a
// tool, so it names no command unless that is known.
func (h *host) renewLogin() string {
	if _, _, own := loginCommand(h.name); own {
		return h.logInAgain()
	}
	return "log in again"
}
