package main

// platform is the third incident: uis/tool, an index with a linux/arm64 entry
// whose programs are for another machine. BuildKit writes the requested
// platform, whatever the platform of the base.
func (s store) platform() {
	bases := s.repo("uis/base")
	amd64 := uisBase(amd64Arch, 760, 340)
	arm64 := uisBase(arm64Arch, 380, 170)
	// The old base is a single image: a build for arm64 accepts it.
	single := amd64.oci()
	both := index(single, arm64.oci())
	bases.tag(single, "2")
	bases.tag(both, "3", "latest")

	r := s.repo("uis/tool")
	borrowed := amd64
	borrowed.platform = arm64.platform
	const v12, v13, main = "2023-08-14T10:20:00Z", "2023-09-18T09:41:07Z", "2023-10-04T14:02:11Z"
	r.tag(toolIndex("uis/base:3", both, v12, tool(amd64, "1.2.0", x86, v12), tool(arm64, "1.2.0", arm8, v12)), "v1.2")
	r.tag(toolIndex("uis/base:3", both, v13, tool(amd64, "1.3.0", x86, v13), tool(arm64, "1.3.0", arm8, v13)), "v1.3", "latest")
	wrong := toolIndex("uis/base:2", single, main, tool(amd64, "1.4.0-dev", x86, main), tool(borrowed, "1.4.0-dev", x86, main))
	r.tag(wrong, "main")
	// The same fault in an image without a base, which no layer betrays.
	const static = "2023-10-05T08:19:40Z"
	agent := scratch(arm64Arch.platform, buildkit, static).add(
		copied("/out/agent /agent", files(program("agent", "0.9.1", x86, 24<<10))), entrypoint("/agent"))
	right := scratch(amd64Arch.platform, buildkit, static).add(
		copied("/out/agent /agent", files(program("agent", "0.9.1", x86, 24<<10))), entrypoint("/agent"))
	r.tag(index(right.oci(), agent.oci()), "static")
	// The same image with and without an index.
	alone := tool(amd64, "1.3.0", x86, v13)
	r.tag(toolIndex("uis/base:3", both, v13, alone), "single")
	r.tag(alone.oci(), "single-amd64")
}

// toolIndex is an index as BuildKit pushes it: the images, then an attestation
// for each.
func toolIndex(base string, from manifest, built string, images ...image) manifest {
	var members, receipts []manifest
	for _, i := range images {
		m := i.oci()
		members = append(members, m)
		receipts = append(receipts, receipt(m, "uis/tool", base, from.digest, built))
	}
	return index(append(members, receipts...)...)
}

// uisBase has the size of a real base: about a megabyte, in four layers. Sizes
// are in kilobytes.
func uisBase(a arch, libc, libssl int) image {
	seed := "uis base " + a.name
	return scratch(a.platform, buildkit, "2023-07-31T07:00:12Z").add(
		added("rootfs.tar.xz /", files(
			folder("lib/"), program("lib/libc.so.6", seed, a.machine, libc<<10),
			text("etc/os-release", "NAME=\"uis base\"\nVERSION_ID=2\n"))),
		run("install-packages openssl ca-certificates tzdata", files(program("usr/lib/libssl.so.3", seed, a.machine, libssl<<10))),
		copied("certs/ /etc/ssl/certs/",
			files(text("etc/ssl/certs/uis.pem", "-----BEGIN CERTIFICATE-----\nnot a real one\n-----END CERTIFICATE-----\n"))),
		run("useradd --uid 1000 uis && update-ca-certificates",
			files(text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuis:x:1000:1000::/home/uis:/bin/sh\n"),
				blob("etc/ssl/certs/ca-certificates.crt", "ca", 40<<10))),
		user("uis"),
	)
}

func tool(base image, version string, machine uint16, date string) image {
	return base.at(date).add(
		arg("TARGETARCH"),
		label("org.opencontainers.image.version", version),
		label("org.opencontainers.image.source", "https://git.example.com/uis/tool"),
		copied("/out/tool /usr/bin/tool", files(program("usr/bin/tool", version+" for "+base.platform.Architecture, machine, 36<<10))),
		entrypoint("/usr/bin/tool"),
	)
}
