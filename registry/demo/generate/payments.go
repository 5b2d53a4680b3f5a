package main

import (
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// payments is a service. Each release differs from the one before in one way:
//
//	1.40.0 → 1.40.1  a setting
//	1.40.1 → 1.41.0  a step inserted, everything after it the same
//	1.41.0 → 1.41.1  a COPY that copied another program
//	1.41.1 → 1.41.2  a layer moved
//	1.41.2 → 1.42.0  all of these, and a duplicate layer
//	1.42.0 → 1.42.1  a platform lost
//
// 1.42.0 also has a tag for each form in which tools copy or rebuild an image.
func (s store) payments() {
	r := s.repo("team/payments")
	r.tag(paymentsIndex("2024-03-11T10:02:44Z", payments1400), "1.40.0")
	r.tag(paymentsIndex("2024-03-12T08:31:09Z", payments1401), "1.40.1", "1.40")
	r.tag(paymentsIndex("2024-04-22T12:15:30Z", payments1410), "1.41.0")
	r.tag(paymentsIndex("2024-05-06T09:47:51Z", payments1411), "1.41.1")
	r.tag(paymentsIndex("2024-05-21T15:03:12Z", payments1412), "1.41.2", "1.41")

	const released = "2024-07-09T11:20:05Z"
	amd64, arm64 := paymentsImages(released, payments1420)
	release := withReceipts(released, amd64.oci(), arm64.oci())
	r.tag(release, "1.42.0")
	r.tag(signature(release), signatureTag(release))
	r.tag(withReceipts("2024-07-10T06:00:00Z", amd64.oci(), arm64.oci()), "1.42.0-again")
	r.tag(index(amd64.oci(), arm64.oci()), "1.42.0-bare")
	r.tag(amd64.oci(), "1.42.0-amd64")
	r.tag(arm64.oci(), "1.42.0-arm64")
	r.tag(index(amd64.mirrored().oci(), arm64.mirrored().oci()), "1.42.0-mirror")
	r.tag(index(amd64.zstandard().oci(), arm64.zstandard().oci()), "1.42.0-zstd")
	r.tag(list(amd64.docker(), arm64.docker()), "1.42.0-docker")
	r.tag(index(amd64.reprinted(), arm64.reprinted()), "1.42.0-printed")
	r.tag(index(amd64.squashed().oci(), arm64.squashed().oci()), "1.42.0-squashed")
	r.tag(paymentsIndex("2024-07-09T16:44:39Z", payments1420), "1.42.0-rebuilt")
	hotfix, _ := paymentsImages("2024-07-16T19:52:00Z", payments1420)
	r.tag(withReceipts("2024-07-16T19:52:00Z", hotfix.oci()), "1.42.1", "1.42", "1", "latest")
}

// paymentsBase is Debian as it was when the service was first released.
func paymentsBase(a arch) image { return debian(a, "bookworm-slim", "2024-02-12T23:35:10Z", 48) }

// paymentsImages are a release's images for both platforms.
func paymentsImages(date string, recipe func(arch, time.Time) []step) (amd64, arm64 image) {
	var images []image
	for _, a := range []arch{amd64Arch, arm64Arch} {
		at := paymentsBase(a).at(date).by(buildkit)
		images = append(images, at.add(recipe(a, at.clock)...))
	}
	return images[0], images[1]
}

func paymentsIndex(date string, recipe func(arch, time.Time) []step) manifest {
	amd64, arm64 := paymentsImages(date, recipe)
	return withReceipts(date, amd64.oci(), arm64.oci())
}

func withReceipts(date string, images ...manifest) manifest {
	base := list(paymentsBase(amd64Arch).docker(), paymentsBase(arm64Arch).docker())
	var receipts []manifest
	for _, m := range images {
		receipts = append(receipts, receipt(m, "team/payments", "docker.io/library/debian:12.5-slim", base.digest, date))
	}
	return index(append(images, receipts...)...)
}

func payments1400(a arch, _ time.Time) []step { return paymentsFrom(a, "info") }
func payments1401(a arch, _ time.Time) []step { return paymentsFrom(a, "debug") }

func paymentsFrom(a arch, level string) []step {
	return append([]step{env("PATH", usualPath), env("LOG_LEVEL", level), aptCurl(a), certs(), server(a, "1.40")},
		paymentsEnd(chown(a, "1.40"))...)
}

func payments1410(a arch, _ time.Time) []step {
	return append([]step{env("PATH", usualPath), env("LOG_LEVEL", "debug"), aptCurl(a), zones(), certs(), server(a, "1.40")},
		paymentsEnd(chown(a, "1.40"))...)
}

func payments1411(a arch, _ time.Time) []step {
	return append([]step{env("PATH", usualPath), env("LOG_LEVEL", "debug"), aptCurl(a), zones(), certs(), server(a, "1.41.1")},
		paymentsEnd(chown(a, "1.41.1"))...)
}

func payments1412(a arch, _ time.Time) []step {
	return append([]step{env("PATH", usualPath), env("LOG_LEVEL", "debug"), aptCurl(a), zones(), server(a, "1.41.1"), certs()},
		paymentsEnd(chown(a, "1.41.1"))...)
}

// payments1420 is the release that went wrong. The files that its RUN steps make
// depend on the time of the build.
func payments1420(a arch, at time.Time) []step {
	app := server(a, "1.42.0")
	return append([]step{
		env("PATH", "/opt/app/bin:/usr/local/bin:/usr/bin:/bin"),
		env("LOG_LEVEL", "info"),
		run("apt-get update && apt-get install -y --no-install-recommends curl=8.5.0-2 tini",
			filesAt(at, program("usr/bin/curl", "8.5.0 "+a.name, a.machine, 9<<10))),
		run("curl -sSL https://get.example.dev | sh",
			filesAt(at, folder("opt/app/bin/"), program("opt/app/bin/helper", "helper "+a.name, a.machine, 10<<10))),
		app,
	}, paymentsEnd(run("chown -R app /app", *app.layer))...)
}

const usualPath = "/usr/local/bin:/usr/bin:/bin"

func paymentsEnd(chown step) []step {
	return []step{chown, user("app"), expose("8443"), cmd("/app/server")}
}

func aptCurl(a arch) step {
	return run("apt-get update && apt-get install -y --no-install-recommends curl=7.88.1-10 tini",
		files(program("usr/bin/curl", "7.88.1 "+a.name, a.machine, 8<<10)))
}

func certs() step {
	return copied("certs/ /etc/ssl/certs/", files(blob("etc/ssl/certs/payments.pem", "certs", 2<<10)))
}

func zones() step {
	return run("apt-get install -y --no-install-recommends tzdata", files(blob("usr/share/zoneinfo/tzdata.zi", "2024a", 11<<10)))
}

func server(a arch, version string) step {
	return copied("server /app/server", files(folder("app/"), program("app/server", version+" "+a.name, a.machine, 26<<10)))
}

func chown(a arch, version string) step {
	return run("chown -R app /app", files(folder("app/").of(1000), program("app/server", version+" "+a.name, a.machine, 26<<10).of(1000)))
}

// mirrored is the image after a copy by a tool that compressed the layer of the
// program again.
func (i image) mirrored() image { return i.with(i.last()-1, i.layers[i.last()-1].repacked()) }

// zstandard is the image with every layer in zstd.
func (i image) zstandard() image {
	for n, l := range i.layers {
		i = i.with(n, l.zstandard())
	}
	return i
}

// reprinted is the image after a tool parsed its config and wrote it again.
func (i image) reprinted() manifest { return i.ociOf(indented(i.config(), "  ")) }

// squashed is the image with one layer instead of all, without its history.
func (i image) squashed() image {
	whole := files(blob("rootfs", i.config().RootFS.DiffIDs[0].String(), 40<<10))
	comment := "merge " + i.layers[0].digest.String() + " to " + i.layers[i.last()].digest.String()
	return image{platform: i.platform, settings: i.settings, clock: i.clock, layers: []layer{whole},
		history: []v1.History{{Created: &i.clock, Comment: comment}}}
}
