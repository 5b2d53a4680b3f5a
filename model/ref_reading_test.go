package model

import "testing"

func TestCompleted(t *testing.T) {
	beside := Ref{Registry: "r.example", Repository: "team/app", Tag: "1"}
	for _, tt := range []struct {
		typed, want, missing string
		beside               Ref
	}{
		{"910d47f4c916", "910d47f4c916 has no host, so it means docker.io/library/910d47f4c916:latest; for a digest of team/app write @910d47f4c916", "docker.io", beside},
		{"plain2", "plain2 has no host, so it means docker.io/library/plain2:latest; for a tag of team/app write :plain2", "docker.io", beside},
		{"plain2", "plain2 has no host, so it means docker.io/library/plain2:latest", "docker.io", Ref{}},
		{"team/app:2", "team/app:2 has no host, so it means docker.io/team/app:2", "docker.io", beside},
		{"vm:5000", "vm:5000 has no host, so it means docker.io/library/vm:5000; write vm:5000/ for a registry", "docker.io", Ref{}},
		{"app:10", "app:10 has no host, so it means docker.io/library/app:10", "docker.io", Ref{}},
		{"r.example/app", "r.example/app has no tag, so it means :latest; add a tag", "latest", Ref{}},
		{"docker.io/app:1", "", "", Ref{}},
		{"index.docker.io/app:1", "", "", Ref{}},
		{"r.example/app:latest", "", "", Ref{}},
		{":latest", "", "", beside},
		{":2", "", "", beside},
		{":2", "", "", Ref{Registry: DockerHub, Repository: "library/app", Tag: "1"}},
	} {
		r, err := ParseBeside(tt.beside, tt.typed)
		if err != nil {
			t.Fatal(err)
		}
		if got, missing := Completed(tt.typed, r, tt.beside); got != tt.want || missing != tt.missing {
			t.Errorf("%s: %q, %q", tt.typed, got, missing)
		}
	}
}
