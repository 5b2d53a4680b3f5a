package diff

import (
	"strings"
	"testing"
)

// withConfig is an image of the usual steps with settings.
func withConfig(config map[string]any) build {
	b := app()
	b.config = config
	return b
}

func settingsCases(t *testing.T) []ruleCase {
	t.Helper()
	set := func(name string, v any) build { return withConfig(map[string]any{name: v}) }
	inStore := func(hash, name string) string { return "/nix/store/" + strings.Repeat(hash, 32) + "-" + name }
	started := func(program string) build {
		b := app(does("COPY "+program+" /", files(program)), sets(`ENTRYPOINT ["`+program+`"]`))
		b.config = map[string]any{"Entrypoint": []string{program}}
		return b
	}
	check := func(kind string, seconds int) build {
		return set("Healthcheck", map[string]any{"Test": []string{kind, "x"}[:2], "Interval": seconds * 1_000_000_000})
	}
	env := func(vars ...string) build { return set("Env", vars) }
	label := func(pairs ...string) map[string]any {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return map[string]any{"Labels": m}
	}
	const version, revision, refName = "org.opencontainers.image.version", "org.opencontainers.image.revision", "org.opencontainers.image.ref.name"
	const source = "org.opencontainers.image.source"
	ubuntu := build{config: label(version, "24.04", refName, "ubuntu"), steps: []step{does("ADD file /", files("ubuntu"))}}
	onUbuntu := build{config: ubuntu.config, steps: append(ubuntu.steps, does("COPY app /", files("app")))}
	onLeap := func(own, base string) map[string]any {
		return label("org.opencontainers.image.title", "openSUSE Leap 15.5 Base Container", version, own, "org.opensuse.base.version", base)
	}
	dated := func(dates ...string) build {
		b := build{created: dates[len(dates)-1]}
		for _, d := range dates {
			b.steps = append(b.steps, does("RUN "+d, files("at "+d)).at(d))
		}
		return b
	}
	same := "2024-05-01T10:00:00Z"
	sameDates := build{created: same, steps: []step{does("A", files("a")).at(same), does("B", files("b")).at(same), does("C", files("c")).at(same)}}
	return []ruleCase{
		{"an image beside its base", pairOf(t, app(), started("/run")), "E1", 1, "ENTRYPOINT [\"/run\"] is new", 2},
		{"an image beside another one", pairOf(t, build{config: map[string]any{"Entrypoint": []string{"/a"}}, steps: []step{does("COPY a /", files("a"))}}, started("/run")), "E1", 0, "ENTRYPOINT [\"/a\"] → [\"/run\"]", 2},
		{"an image that changes on the same base", pairOf(t, app(does("COPY a /", files("a"))), started("/run")), "E1", 2, "ENTRYPOINT [\"/run\"] is new", 2},
		{"another entrypoint", pairOf(t, app(), set("Entrypoint", []string{"tdf2mzml"})), "E1", 2, `ENTRYPOINT ["tdf2mzml"] is new`, 2},
		{"another command", pairOf(t, set("Cmd", []string{"bash"}), set("Cmd", []string{"sh", "-l"})), "E1", 2, `CMD ["bash"] → ["sh","-l"]`, 2},
		{"a long command", pairOf(t, set("Cmd", []string{"/bin/sh", "-c", "exec nginx -g 'daemon off;' -c /etc/nginx/nginx.conf -p /srv"}), set("Cmd", []string{"/bin/sh", "-c", "exec nginx -g 'daemon on;' -c /etc/nginx/nginx.conf -p /srv"})), "E1", 2,
			`CMD …-g 'daemon off;' -c /etc/nginx/nginx.conf… → …-g 'daemon on;' -c /etc/nginx/nginx.conf….`, 2},
		{"a long command is new", pairOf(t, app(), set("Cmd", []string{"java", "-jar", "/app/app.jar", "--spring.profiles.active=prod", "--server.port=8080"})), "E1", 2, `CMD ["java","-jar","/app/app.jar",… is new.`, 2},
		{"a long command is removed", pairOf(t, set("Cmd", []string{"java", "-jar", "/app/app.jar", "--spring.profiles.active=prod", "--server.port=8080"}), app()), "E1", 2, `CMD is removed (was ["java","-jar","/app/app.jar",…).`, 2},
		{"a secret in a long command", pairOf(t, app(), set("Cmd", []string{"run", "--token", "hunter2hunter2", "--listen", "0.0.0.0:8080", "--verbose"})), "E1", 2, `CMD ["run","--token","(masked)",`, 2},
		{"a tab in a command", pairOf(t, set("Cmd", []string{"a\tb"}), set("Cmd", []string{"a b"})), "E1", 2, `CMD ["a\tb"] → ["a b"].`, 2},
		{"colours in a variable", pairOf(t, env("PS1="+strings.Repeat("\x1b[31m", 9)+"1"), env("PS1="+strings.Repeat("\x1b[32m", 9)+"1")), "E3", 1, `PS1 \x1b[31m\x1b[31m\x1b[31m\x1b[31m\x1b[31m… → \x1b[32m`, 2},
		{"another shell", pairOf(t, app(), set("Shell", []string{"/bin/bash", "-c"})), "E1", -1, "", 0},
		{"the same program of Nix", pairOf(t, set("Cmd", []string{inStore("a", "tool-1.0") + "/bin/tool", "-x"}), set("Cmd", []string{inStore("b", "tool-1.1") + "/bin/tool", "-x"})), "E1", 0, "the same but for the hash or version in paths of the Nix store: CMD.", 2},
		{"another program of Nix", pairOf(t, set("Cmd", []string{inStore("a", "tool-1.0") + "/bin/tool"}), set("Cmd", []string{inStore("b", "other-1.0") + "/bin/tool"})), "E1", 2, `CMD ["/nix/store/…-tool-1.0/bin/tool"] → ["/nix/store/…-other-1.0/bin/tool"].`, 2},
		{"other arguments of a program of Nix", pairOf(t, set("Cmd", []string{inStore("a", "tool-1.0") + "/bin/tool"}), set("Cmd", []string{inStore("b", "tool-1.0") + "/bin/tool", "-x"})), "E1", 2, `/bin/tool"] → …`, 2},
		{"a secret in the command", pairOf(t, app(), set("Cmd", []string{"run", "--token", "hunter2"})), "E1", 2, "(masked)", 2},
		{"no command and none", pairOf(t, set("Cmd", nil), set("Cmd", []string{})), "E1", -1, "", 0},

		{"another user", pairOf(t, app(), set("User", "haproxy")), "E2", 2, ":a runs as root, :b as haproxy.", 2},
		{"root by three names", pairOf(t, set("User", "root"), set("User", "0:0")), "E2", -1, "", 0},
		{"another group of root's", pairOf(t, set("User", "root"), set("User", "root:users")), "E2", 2, "root:users", 2},

		{"a version moved", pairOf(t, env("PYTHON_VERSION=2.7.16", "A=1"), env("A=2", "PYTHON_VERSION=2.7.17")), "E3", 1, "PYTHON_VERSION 2.7.16 → 2.7.17; A 1 → 2.", 2},
		{"a major version moved", pairOf(t, env("NODE_VERSION=18.1"), env("NODE_VERSION=20.1")), "E3", 2, "NODE_VERSION 18.1 → 20.1", 2},
		{"paths of Nix", pairOf(t, env("PATH="+inStore("a", "bash-5.2-p15")+"/bin:/bin", "CERT="+inStore("a", "cacert-3")+"/crt"), env("PATH="+inStore("b", "bash-5.2-p15")+"/bin:/bin", "CERT="+inStore("b", "cacert-3")+"/crt")), "E3", 0, "only the hash or version in paths of the Nix store differs: PATH and CERT.", 2},
		{"a path of Nix and a variable", pairOf(t, env("PATH="+inStore("a", "bash-5")+"/bin"), env("PATH="+inStore("b", "bash-5")+"/bin", "A=1")), "E3", 1, "; A=1 is new.", 2},
		{"a hash", pairOf(t, env("X_SHA256="+strings.Repeat("0a", 32)), env("X_SHA256="+strings.Repeat("1b", 32))), "E3", 1, "X_SHA256 0a0a0a0a0a0a… → 1b1b1b1b1b1b….", 2},
		{"a zone gone", pairOf(t, env("TZ=UTC"), env()), "E3", 2, "TZ is removed (was UTC)", 2},
		{"a secret that is gone", pairOf(t, env("API_TOKEN=hunter2"), env()), "E3", 1, "API_TOKEN is removed (was masked).", 2},
		{"a placeholder that changed", pairOf(t, env("API_TOKEN=changeme"), env("API_TOKEN=hunter3")), "E3", 1, "API_TOKEN changeme → (masked).", 2},
		{"set to nothing", pairOf(t, env(), env("X=")), "E3", 1, `X="" is new`, 2},
		{"what looks alike", pairOf(t, env("X=a\u202eb"), env(`X=a\u202eb`)), "E3", 1, `X changed; both values as escaped text: "a\u202eb" → "a\\u202eb"`, 2},
		{"a secret that changed", pairOf(t, env("API_TOKEN=hunter2"), env("API_TOKEN=hunter3")), "E3", 1, "API_TOKEN changed", 2},
		{"many", pairOf(t, env(), env("A=1", "B=1", "C=1", "D=1", "E=1", "F=1")), "E3", 1, "C=1 is new; 3 more changes", 2},
		{"another order", pairOf(t, env("A=1", "B=2"), env("B=2", "A=1")), "E3", -1, "", 0},
		{"a step that sets it", pairOf(t, build{config: env("X_VERSION=1").config, steps: []step{does("ADD x /", files("x")), sets("ENV X_VERSION=1")}},
			build{config: env("X_VERSION=2").config, steps: []step{does("ADD x /", files("x")), sets("ENV X_VERSION=2")}}), "E3", 2, "X_VERSION 1 → 2", 2},

		{"a token in the environment", pairOf(t, env("API_TOKEN=hunter2"), app()), "E4", 3, "In :a, 1 value looks like a secret: ENV API_TOKEN. Anyone with pull access can read this.", 1},
		{"a token on both sides", pairOf(t, env("API_TOKEN=hunter2", "A=1"), env("API_TOKEN=hunter2")), "E4", 3, "In :a and :b,", 2},
		{"a build argument", Describe(single("a", build{steps: []step{does("|1 NPM_TOKEN=abc123 /bin/sh -c npm ci", files("x"))}}.image(t))), "E4", 3, "step 1", 1},
		{"an argument named only", Describe(single("a", build{steps: []step{does("ARG NPM_TOKEN", files("x"))}}.image(t))), "E4", -1, "", 0},
		{"paths, addresses and names", Describe(single("a", env("GOOGLE_APPLICATION_CREDENTIALS=/var/secrets/key.json", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x",
			"PASSWORD_RESET_URL=https://example.org/reset", "JWT_SECRET_HEADER=X-Token").image(t))), "E4", -1, "", 0},
		{"a reference in a rewrite rule", Describe(single("a", build{steps: []step{does("RUN echo 'RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]' > .htaccess", files("x"))}}.image(t))), "E4", -1, "", 0},
		{"an address with a password", Describe(single("a", env("SECRET_URL=https://u:hunter2@example.org/").image(t))), "E4", 3, "ENV SECRET_URL", 1},
		{"placeholders and switches", Describe(single("a", env("A_PASSWORD=changeme", "B_TOKEN=<token>", "C_SECRET=${C}", "SECRET_KEY_BASE_DUMMY=1", "D_PASSWORD=true", "E_PASSWORD=example").image(t))), "E4", -1, "", 0},
		{"defaults", Describe(single("a", env("A_PASSWORD=admin", "B_SECRET=cookiesecret").image(t))), "E4", 1, "In :a, 2 values where secrets are expected are plain words, maybe defaults: ENV A_PASSWORD and ENV B_SECRET.", 2},
		{"a default on both sides", pairOf(t, env("A_PASSWORD=admin", "A=1"), env("A_PASSWORD=admin")), "E4", 1, "In :a and :b, 1 value where a secret is expected is a plain word, maybe a default: ENV A_PASSWORD.", 2},
		{"a default for the build", Describe(single("a", build{steps: []step{does("RUN DATABASE_URL=postgres://user:pass@localhost/db SECRET_KEY_BASE=dummy rake", files("x"))}}.image(t))), "E4", 1, "a plain word, maybe a default: step 1.", 1},
		{"a name of a header", Describe(single("a", env("JWT_SECRET_HEADER=Token").image(t))), "E4", -1, "", 0},
		{"a number of tokens", Describe(single("a", env("MAX_TOKENS=4096").image(t))), "E4", -1, "", 0},

		{"two commits", pairOf(t, withConfig(label(revision, "e3b7d9f0a1b2c3d4e5f60718293a4b5c6d7e8f90", version, "v2.5.0")),
			build{config: label(revision, "b91e4c70a1b2c3d4e5f60718293a4b5c6d7e8f90", version, "v2.3.1"), steps: []step{does("X", files("x"))}}), "E5", 1, ":a is commit e3b7d9f0a1b2 (v2.5.0), :b is commit b91e4c70a1b2 (v2.3.1)", 2},
		{"no commit at all", pairOf(t, app(), app(does("RUN x", files("x")))), "E5", -1, "", 0},
		{"built again without any label", pairOf(t, app(does("RUN x", files("1"))), app(does("RUN x", files("2")))), "E5", -1, "", 0},
		{"built again, a source and no commit", pairOf(t, configured(app(does("RUN x", files("1"))), label(source, "https://x/1")), app(does("RUN x", files("2")))), "E5", 0, "The image was built again, and neither side states its commit", 2},
		{"another recipe, a source and no commit", pairOf(t, configured(app(does("RUN x", files("1"))), label(source, "https://x/1")), app(does("RUN y", files("2")))), "E5", -1, "", 0},
		{"two products", pairOf(t, withConfig(label("vcs-ref", "c563e09", "name", "team/kafka")), build{config: label(revision, "b91e4c7", "org.opencontainers.image.title", "keycloak"), steps: []step{does("X", files("x"))}}), "E5", 1, ":a is commit c563e09, :b is commit b91e4c7", 2},
		{"a commit on one side", pairOf(t, withConfig(label(revision, "e3b7d9f")), build{steps: []step{does("X", files("x"))}}), "E5", 0, ":a is commit e3b7d9f, as its label states; :b states no commit.", 2},
		{"the commit of the base", pairOf(t, withConfig(label("vcs-ref", "c563e09", "name", "ubi9/ubi-micro")), build{config: label("vcs-ref", "b91e4c7", "name", "app"), steps: []step{does("X", files("x"))}}), "E5", 0,
			":b is commit b91e4c7, as its label states; :a states no commit. The label vcs-ref of :a may be inherited from the base, ubi9/ubi-micro.", 2},
		{"the commit of a base that a title contradicts", pairOf(t, withConfig(label("vcs-ref", "c563e09", "name", "team/runtime", "org.opencontainers.image.title", "tool", version, "1")), build{config: label(version, "2"), steps: []step{does("X", files("x"))}}), "E5", 1,
			":a is version 1, :b is version 2, as their labels state. The label vcs-ref of :a may be inherited from the base, team/runtime.", 2},
		{"an image's own commit", pairOf(t, withConfig(label("vcs-ref", "c563e09", "name", "team/app", "org.opencontainers.image.title", "The App")), build{config: label("vcs-ref", "b91e4c7", "name", "team/app"), steps: []step{does("X", files("x"))}}), "E5", 1,
			":a is commit c563e09, :b is commit b91e4c7, as their labels state.", 2},
		{"built twice from one commit", pairOf(t, configured(app(does("RUN x", files("1"))), label(revision, "e3b7d9f")), configured(app(does("RUN x", files("2"))), label(revision, "e3b7d9f"))), "E5", 0, "Both are commit e3b7d9f, as they state.", 2},
		{"the same commit", pairOf(t, withConfig(label(revision, "e3b7d9f")), build{config: label(revision, "e3b7d9f"), steps: []step{does("X", files("x"))}}), "E5", -1, "", 0},
		{"one commit, cut short on one side", pairOf(t, withConfig(label(revision, "e3b7d9f0a1b2c3d4e5f60718293a4b5c6d7e8f90")), build{config: label(revision, "e3b7d9f"), steps: []step{does("X", files("x"))}}), "E5", -1, "", 0},
		{"another commit, cut short", pairOf(t, withConfig(label(revision, "e3b7d9f0a1b2c3d4e5f60718293a4b5c6d7e8f90")), build{config: label(revision, "e3b7d90"), steps: []step{does("X", files("x"))}}), "E5", 1, ":a is commit e3b7d9f0a1b2, :b is commit e3b7d90", 2},
		{"too short for a commit", pairOf(t, withConfig(label(revision, "e3b7d9f0a1b2c3d4e5f60718293a4b5c6d7e8f90")), build{config: label(revision, "e3b7"), steps: []step{does("X", files("x"))}}), "E5", 1, ":b is commit e3b7", 2},
		{"one commit, two versions", pairOf(t, withConfig(label(revision, "e3b7d9f", version, "pr-1")), build{config: label(revision, "e3b7d9f", version, "main"), steps: []step{does("X", files("x"))}}), "E5", 0, "Both are commit e3b7d9f, as they state; the version is pr-1 in :a and main in :b", 2},
		{"the commit of the other side, its base", pairOf(t, build{config: label(revision, "e3b7d9f", version, "1"), steps: ubuntu.steps}, build{config: label(revision, "e3b7d9f", version, "2"), steps: onUbuntu.steps}), "E5", 0, "Both state commit e3b7d9f: :b may have inherited the label from its base, :a.", 2},
		{"two source repositories", pairOf(t, withConfig(label(revision, "e3b7d9f", "org.opencontainers.image.source", "https://x/1")), build{config: label(revision, "b91e4c7", "org.opencontainers.image.source", "https://x/2"), steps: []step{does("X", files("x"))}}), "E5", 1, ":a is commit e3b7d9f, :b is commit b91e4c7", 2},
		{"the same image", pairOf(t, app(), app()), "E5", -1, "", 0},

		{"the base's version", Describe(single("a", onUbuntu.image(t))), "E6", 1, "In :a, the label version=24.04 belongs to the base, ubuntu", 1},
		{"the versions of two bases", pairOf(t, onUbuntu, build{config: label(version, "22.04", refName, "ubuntu"), steps: onUbuntu.steps}), "E6", 1, "The labels version=24.04 in :a and version=22.04 in :b belong to the base, ubuntu, not to these images", 2},
		{"the base itself", Describe(single("a", ubuntu.image(t))), "E6", -1, "", 0},
		{"a base with a title", Describe(single("a", build{config: onLeap("15.5.6", "15.5.6"), steps: onUbuntu.steps}.image(t))), "E6", 1, "In :a, the label version=15.5.6 belongs to the base, opensuse, not to this image.", 1},
		{"the version of an image on a base with a title", Describe(single("a", build{config: onLeap("1.4.0", "15.5.6"), steps: onUbuntu.steps}.image(t))), "E6", -1, "", 0},
		{"versions of two bases with a title", pairOf(t, build{config: onLeap("15.5.6", "15.5.6"), steps: onUbuntu.steps}, build{config: onLeap("15.5.7", "15.5.7"), steps: []step{does("X", files("x")), does("Y", files("y"))}}), "E5", -1, "", 0},
		{"a base and an image on it", pairOf(t, build{config: label(version, "24.04", refName, "ubuntu"), steps: ubuntu.steps}, onUbuntu), "E5", -1, "", 0},
		{"a version that the base does not set", Describe(single("a", build{config: label(version, "1.2", refName, "ubuntu", revision, "e3b7"), steps: onUbuntu.steps}.image(t))), "E6", -1, "", 0},
		{"inherited from the other side", pairOf(t, build{config: label(version, "7"), steps: ubuntu.steps}, build{config: label(version, "7"), steps: onUbuntu.steps}), "E6", 1, "In :b, the label version=7 is inherited from its base, :a", 2},
		{"the same version of two builds", pairOf(t, build{config: label(version, "7"), steps: ubuntu.steps}, build{config: label(version, "7"), steps: []step{does("X", files("x")), does("Y", files("y"))}}), "E6", -1, "", 0},

		{"a volume", pairOf(t, app(), set("Volumes", map[string]any{"/data": map[string]any{}})), "E7", 2, "VOLUME /data is new", 2},
		{"a port", pairOf(t, set("ExposedPorts", map[string]any{"80/tcp": map[string]any{}}), set("ExposedPorts", map[string]any{"8080/tcp": map[string]any{}})), "E7", 1, "EXPOSE 80/tcp → 8080/tcp", 2},
		{"an interval of a health check", pairOf(t, check("CMD", 30), check("CMD", 10)), "E7", 2, `HEALTHCHECK --interval=30s CMD ["x"] → --interval=10s CMD ["x"].`, 2},
		{"a health check turned off", pairOf(t, check("NONE", 0), app()), "E7", -1, "", 0},
		{"a health check", pairOf(t, app(), set("Healthcheck", map[string]any{"Test": []string{"CMD", "x"}})), "E7", 2, "HEALTHCHECK", 2},
		{"a folder spelled otherwise", pairOf(t, set("WorkingDir", "/app/"), set("WorkingDir", "/app")), "E7", -1, "", 0},
		{"a health check written otherwise", pairOf(t, set("Healthcheck", map[string]any{"Retries": 1, "Test": []string{"NONE"}}), set("Healthcheck", map[string]any{"Test": []string{"NONE"}, "Retries": 1})), "E7", -1, "", 0},

		{"a shell, which containers do not read", pairOf(t, app(), set("Shell", []string{"/bin/bash", "-c"})), "E7", 1, `Settings for builds on top of the image differ: SHELL ["/bin/bash","-c"] is new.`, 2},
		{"a port and a shell", pairOf(t, app(), withConfig(map[string]any{"Shell": []string{"bash"}, "ExposedPorts": map[string]any{"80/tcp": map[string]any{}}})), "E7", 1,
			`Settings that deployments rely on differ: EXPOSE 80/tcp is new. Settings for builds on top of the image differ: SHELL ["bash"] is new.`, 2},

		{"1970", Describe(single("a", dated("1970-01-01T00:00:00Z").image(t))), "E8", 0, "In :a, the date is the constant 1 Jan 1970 00:00 UTC", 1},
		{"Go's zero date", Describe(single("a", dated("0001-01-01T00:00:00Z").image(t))), "E8", 0, "In :a, the date is 1 Jan 0001 00:00 UTC, Go's zero date, which means no date", 1},
		{"no date", Describe(single("a", app().image(t))), "E8", 0, "the creation date is missing", 1},
		{"no date of an image on one side", Compare(index(t, "a", entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))), index(t, "b", entry(forArch("arm64", sets("USER x")).image(t)))), "E8", 0, "In :a and :b, the creation date is missing", 2},
		{"one date for all", Describe(single("a", sameDates.image(t))), "E8", 0, "all steps have the same date, 1 May 2024 10:00 UTC", 1},
		{"real dates", Describe(single("a", dated("2024-05-01T10:00:00Z", "2024-05-01T10:00:07Z", "2024-05-01T10:01:00Z").image(t))), "E8", -1, "", 0},
	}
}

// TestExcerpts cuts long values between words where a word is near.
func TestExcerpts(t *testing.T) {
	long := strings.Repeat("x", 60)
	for name, tt := range map[string]struct{ a, b, wantA, wantB string }{
		"arguments": {`["java","-Xmx512m","-cp","/app/lib/one.jar","Main"]`, `["java","-Xmx512m","-cp","/app/lib/two.jar","Main"]`,
			`…"-cp","/app/lib/one.jar","Main"]`, `…"-cp","/app/lib/two.jar","Main"]`},
		"words":              {"nginx -g 'daemon off;' -c /etc/nginx/nginx.conf", "nginx -g 'daemon on;' -c /etc/nginx/nginx.conf", "…-g 'daemon off;' -c /etc/nginx/nginx.conf", "…-g 'daemon on;' -c /etc/nginx/nginx.conf"},
		"one word":           {long + "1" + long, long + "2" + long, "…" + long[:12] + "1" + long[:27] + "…", "…" + long[:12] + "2" + long[:27] + "…"},
		"a part of a path":   {"/a/" + long + "/bin/tool1", "/a/" + long + "/bin/tool2", "…/bin/tool1", "…/bin/tool2"},
		"one ends":           {"run a b c d e f g " + long, "run a b c d e f g", "…a b c d e f g " + long[:26] + "…", "…a b c d e f g"},
		"the first is alike": {long, long + " y", "…" + long[:12], "…" + long[:12] + " y"},
	} {
		t.Run(name, func(t *testing.T) {
			if a, b := excerpts(tt.a, tt.b); a != tt.wantA || b != tt.wantB {
				t.Errorf("%q and %q", a, b)
			}
		})
	}
}
