package diff

import (
	"maps"
	"strings"
	"testing"
)

func TestTranslatedConfig(t *testing.T) {
	docker := func(settings map[string]any, more map[string]any) build {
		b := app(sets("ENV A=1"))
		b.created = "2026-01-01T00:00:00Z"
		b.config = map[string]any{"Env": []string{"A=1"}, "Image": "sha256:" + strings.Repeat("a", 64), "AttachStdin": false, "User": ""}
		maps.Copy(b.config, settings)
		b.more = map[string]any{"docker_version": "20.10.24", "container": strings.Repeat("b", 64), "container_config": map[string]any{"Hostname": "bbbb"}}
		maps.Copy(b.more, more)
		return b
	}
	oci := app(sets("ENV A=1"))
	oci.created = "2026-01-01T00:00:00Z"
	oci.config = map[string]any{"Env": []string{"A=1"}}
	later := oci
	later.created = "2026-01-02T00:00:00Z"
	for name, tt := range map[string]struct {
		a, b build
		code Code
		why  string
	}{
		"fields left out":                       {docker(nil, nil), oci, Reprinted, "OCI does not have: container, container_config, docker_version and Image"},
		"the other way":                         {oci, docker(nil, nil), Reprinted, "fields of Docker's builder"},
		"the fields of another build":           {docker(nil, nil), docker(nil, map[string]any{"container": "c"}), OtherSettings, "builder differ: container"},
		"ArgsEscaped, which only Windows reads": {docker(nil, nil), docker(map[string]any{"ArgsEscaped": true}, nil), OtherSettings, "only notes of the builder differ"},
		"another parent":                        {docker(nil, nil), docker(map[string]any{"Image": "sha256:"}, nil), OtherSettings, "builder differ: Image"},
		"a setting left out with them":          {docker(map[string]any{"Healthcheck": map[string]any{"Test": []string{"CMD", "true"}}}, nil), oci, OtherSettings, "HEALTHCHECK is gone in :b"},
		"other fields left out":                 {docker(map[string]any{"Tty": true, "Hostname": "h", "Image": ""}, nil), oci, Reprinted, "docker_version, Hostname and Tty"},
		"another date":                          {docker(nil, nil), later, OtherSettings, "dates differ"},
	} {
		t.Run(name, func(t *testing.T) {
			v := Compare(single("a", tt.a.image(t)), single("b", tt.b.image(t))).Pairs[0].Verdict
			if v.Code != tt.code || v.Trust != Proved || !strings.Contains(v.Headline.String()+v.Because.String(), tt.why) {
				t.Errorf("%s, %s: %s: %s", v.Code, v.Trust, v.Headline, v.Because)
			}
		})
	}
}
