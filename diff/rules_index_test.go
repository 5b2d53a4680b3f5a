package diff

import (
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// gone is an entry whose manifest cannot be read; with missing the registry answered 404.
func gone(e model.Entry, missing bool) model.Entry {
	e.Image, e.Err = nil, &model.ReadError{Message: "there is no such manifest", Missing: missing, Err: errors.New("404")}
	return e
}

// windows is an entry for a build of Windows.
func windows(t *testing.T, version string) model.Entry {
	t.Helper()
	b := forArch("amd64", sets("SHELL "+version))
	b.os = "windows"
	e := entry(b.image(t))
	e.Descriptor.Platform = &v1.Platform{OS: "windows", Architecture: "amd64", OSVersion: version}
	return e
}

func indexCases(t *testing.T) []ruleCase {
	t.Helper()
	const mb = 1_000_000
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	one := func(entries ...model.Entry) Comparison { return Describe(index(t, "a", entries...)) }
	v := func(arch, variant string) model.Entry {
		return labelled(entry(forArch(arch, sets("ENV V="+variant)).image(t)), "linux", arch, variant)
	}
	of := func(arch, revision, created string) model.Entry {
		b := forArch(arch)
		b.created = created
		if revision != "" {
			b.config = map[string]any{"Labels": map[string]string{"org.opencontainers.image.revision": revision}}
		}
		return entry(b.image(t))
	}
	// tool is an image made by a tool that puts files for every machine first.
	tool := func(arch, by string, shared int64) model.Entry {
		b := build{arch: arch, steps: []step{does(by, files("for every machine").sized(shared)), does(by, files("program "+arch).sized(20*mb))}}
		return entry(b.image(t))
	}
	data := func(arch string) model.Entry {
		return entry(build{arch: arch, steps: []step{does("COPY data /", files("data").sized(50*mb))}}.image(t))
	}
	// copied is an image whose first layer is the same for every machine, with other layers above it.
	copied := func(arch, first string, others ...string) model.Entry {
		b := build{arch: arch, steps: []step{does(first, files("data").sized(50*mb))}}
		for _, by := range append(others, "COPY tool /bin") {
			b.steps = append(b.steps, does(by, files(by+arch)))
		}
		return entry(b.image(t))
	}
	ran := func(arch string) model.Entry {
		return entry(build{arch: arch, config: map[string]any{"Cmd": []string{"x"}}, steps: []step{does("ADD rootfs /", files("rootfs").sized(50*mb)), does("/bin/sh -c make", files("x"))}}.image(t))
	}
	script := func(arch string) model.Entry {
		return entry(build{arch: arch, config: map[string]any{"Entrypoint": []string{"/app.py"}}, steps: []step{does("COPY data /", files("data").sized(50*mb))}}.image(t))
	}
	// own is an image with a first layer for its machine, or for another one.
	own := func(arch, machine, first string) model.Entry {
		shared := files("for " + machine).sized(map[string]int64{"amd64": 7 * mb, "arm64": 6 * mb}[machine])
		return entry(build{arch: arch, config: map[string]any{"Entrypoint": []string{"/app"}}, steps: []step{
			does(first, shared).at("2024-05-01T10:00:00.5Z"), does("COPY app /app", files("app "+machine)).at("2024-05-02T10:00:00.5Z"),
		}}.image(t))
	}
	amdOnArm := func(first string) Comparison {
		return Compare(index(t, "a", own("amd64", "amd64", first), own("arm64", "arm64", first)), index(t, "b", own("amd64", "amd64", first), own("arm64", "amd64", first)))
	}
	rebased := func(above string) model.Entry {
		return entry(build{arch: "arm64", steps: []step{does("ADD rootfs /", files("for amd64").sized(7*mb)), does("COPY app /app", files(above))}}.image(t))
	}
	latest, latestArm := single("latest", forArch("arm64").image(t)), single("4.3.5-arm64", forArch("arm64").image(t))
	return []ruleCase{
		{"distroless", one(tool("amd64", "bazel build ...", 2*mb), tool("arm64", "bazel build ...", 2*mb)), "C4", -1, "", 0},
		{"distroless, more than data", one(tool("amd64", "bazel build ...", 17*mb), tool("arm64", "bazel build ...", 17*mb)), "C4", 3, "start with the same layers", 2},
		{"ko", one(tool("amd64", "ko build ko://x", 2*mb), tool("arm64", "ko build ko://x", 2*mb)), "C4", -1, "", 0},
		{"Nix", one(tool("amd64", "store paths: ['/nix/store/x']", 3*mb), tool("arm64", "store paths: ['/nix/store/x']", 3*mb)), "C4", -1, "", 0},
		{"just a base", one(tool("amd64", "ADD rootfs /", mb), tool("arm64", "ADD rootfs /", mb)), "C4", 3, "1.0 MB", 2},
		{"just no base", one(tool("amd64", "ADD rootfs /", mb-1), tool("arm64", "ADD rootfs /", mb-1)), "C4", -1, "", 0},
		{"two of three", one(onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "x", 2*mb), onBase(t, "s390x", "y", 2*mb)), "C4", 3, "linux/amd64 and linux/arm64 start", 2},
		{"the very same files, to be run", one(script("amd64"), script("arm64")), "C4", 1, "contain exactly the same files (50 MB)", 2},
		{"the same data below a program", one(copied("amd64", "COPY data /usr/share"), copied("arm64", "COPY data /usr/share")), "C4", 1, "start with the same copied files (50 MB)", 2},
		{"the same base below a program", one(copied("amd64", "ADD alpine.tar.gz /"), copied("arm64", "ADD alpine.tar.gz /")), "C4", 3, "start with the same layers", 2},
		{"the very same image, in which commands ran", one(ran("amd64"), ran("arm64")), "C4", 3, "start with the same layers", 2},
		{"a copied base that runs commands", one(copied("amd64", "COPY rootfs /", "RUN make"), copied("arm64", "COPY rootfs /", "RUN make")), "C4", 3, "start with the same layers", 2},
		{"the same data below a base in which commands ran", one(copied("amd64", "COPY data /usr/share", "ADD rootfs /", "RUN make"), copied("arm64", "COPY data /usr/share", "ADD rootfs /", "RUN make")), "C4", -1, "", 0},
		{"a root filesystem, to be run", one(own("amd64", "amd64", "ADD rootfs /"), own("arm64", "amd64", "ADD rootfs /")), "C4", 3, "start with the same layers", 2},
		{"the files of another platform", amdOnArm("ADD rootfs /"), "C4", 3, "In :a, linux/arm64 starts with other layers than linux/amd64.", 2},
		{"a program of another platform", amdOnArm("COPY server /server"), "C4", 3, "In :a, linux/arm64 starts with other layers than linux/amd64.", 2},
		{"the base of another platform", Compare(index(t, "a", own("amd64", "amd64", "ADD rootfs /"), own("arm64", "arm64", "ADD rootfs /")), index(t, "b", own("amd64", "amd64", "ADD rootfs /"), rebased("app arm64"))), "C4", 3, "the first layer, 7.0 MB). In :a, linux/arm64 starts with other layers than linux/amd64.", 2},
		{"data of one size, copied at two times", Compare(index(t, "a", data("amd64"), entry(build{arch: "arm64", steps: []step{does("COPY data /", files("later").sized(50*mb))}}.image(t))), index(t, "b", data("amd64"), data("arm64"))), "C4", 1, "contain exactly the same files (50 MB)", 2},
		{"the very same files", one(data("amd64"), data("arm64")), "C4", 1, "contain exactly the same files (50 MB)", 2},

		{"new CPUs only", one(v("amd64", "v3"), arm), "C8", 2, "amd64 exists only as linux/amd64/v3", 1},
		{"new and old CPUs", one(v("amd64", "v3"), amd), "C8", -1, "", 0},
		{"arm with and without", one(v("arm", ""), v("arm", "v6")), "C8", 1, "arm is listed without a variant", 1},
		{"arm64/v8", one(amd, v("arm64", "v8")), "C8", -1, "", 0},

		{"a build of Windows", one(windows(t, "10.0.20348.2700")), "C9", 0, "In :a, Windows is 10.0.20348.2700 (ltsc2022)", 1},
		{"the same on both sides", Compare(index(t, "a", windows(t, "10.0.17763.1")), index(t, "b", windows(t, "10.0.17763.1"), amd)), "C9", 0, "In :a and :b, Windows is", 2},
		{"no Windows", one(amd), "C9", -1, "", 0},

		{"two commits", one(of("amd64", "1a2b3c4", ""), of("arm64", "9f8e7d6", "")), "C10", 2, "linux/amd64 is commit 1a2b3c4, linux/arm64 is commit 9f8e7d6", 2},
		{"two dates", one(of("amd64", "", "2024-07-26T00:00:00Z"), of("arm64", "", "2024-07-03T00:00:00Z")), "C10", 1, "may come from different builds: linux/arm64 is from 3 Jul 2024 00:00 UTC", 2},
		{"two dates of one platform, which C7 names", one(of("amd64", "", "2024-07-26T00:00:00Z"), of("amd64", "", "2024-07-03T00:00:00Z")), "C10", -1, "", 0},
		{"a slow build", one(of("amd64", "", "2024-07-26T00:00:00Z"), of("arm64", "", "2024-07-26T07:00:00Z")), "C10", -1, "", 0},
		{"one commit, two dates of 1970", one(of("amd64", "1a2b3c4", "1970-01-01T00:00:00Z"), of("arm64", "1a2b3c4", "2024-07-03T00:00:00Z")), "C10", -1, "", 0},

		{"deleted", one(amd, gone(arm, true)), "C11", 3, "In :a, linux/arm64 is listed, but the registry does not have it", 1},
		{"deleted, without platforms", one(amd, nameless(gone(arm, true))), "C11", 3, "In :a, sha256:" + short(arm.Descriptor.Digest) + " is listed", 1},
		{"a registry in trouble", one(amd, gone(arm, false)), "C11", -1, "", 0},

		{"one job's push", Compare(latest, latestArm), "C12", 1, ":latest is exactly :4.3.5-arm64", 2},
		{"the other way round", Compare(latestArm, latest), "C12", 1, ":latest is exactly :4.3.5-arm64", 2},
		{"two plain tags", Compare(latest, single("4.3.5", forArch("arm64").image(t))), "C12", -1, "", 0},
		{"an index", Compare(index(t, "latest", amd, arm), index(t, "4.3.5-arm64", amd, arm)), "C12", -1, "", 0},
	}
}

// nameless is an entry of an index without a platform.
func nameless(e model.Entry) model.Entry {
	e.Descriptor.Platform = nil
	return e
}

// TestBorrowedBase_lead checks what leads where one platform has the files of another.
func TestBorrowedBase_lead(t *testing.T) {
	for _, tt := range indexCases(t) {
		want := map[string]string{
			"the files of another platform":         "linux/arm64 of :b has the files of linux/amd64",
			"the base of another platform":          "linux/arm64 of :b is built on the base for linux/amd64",
			"data of one size, copied at two times": "On linux/arm64, ",
		}[tt.name]
		if head := tt.c.Verdict.Headline.String(); !strings.HasPrefix(head, want) {
			t.Errorf("%s: %s", tt.name, head)
		}
		if strings.Contains(tt.c.Verdict.Because.String(), "rewritten") {
			t.Errorf("%s: %s", tt.name, tt.c.Verdict.Because)
		}
	}
}
