package main

import (
	"fmt"
	"slices"
	"time"
)

// retag is the first incident: shop/image-name, whose tag prod was pushed by a
// host with another gzip of the empty layer.
func (s store) retag() {
	r := s.repo("shop/image-name")
	base := shopBase()
	dates := buildDates()
	for n, date := range dates {
		build := shopImage(base, date, n, builderOf(date))
		tag := date.Format("20060102.150405") + "z"
		r.tag(build.docker(), tag)
		if n == len(dates)-1 {
			r.tag(build.docker(), "staging")
		}
	}
	tested := shopImage(base, time.Date(2023, 10, 1, 15, 55, 32, 0, time.UTC), 60, buildkit)
	r.tag(tested.docker(), "20231001.155532z", "testing")
	// The empty layer is the newest one. The host that pushed prod took an old
	// gzip of it from its cache.
	r.tag(tested.with(tested.last(), emptyGo17).docker(), "prod")
	// Another possible cause: a rebuild on a host with the old builder. Its
	// schema1 view lists the same layers; its config differs.
	r.tag(shopImage(base, time.Date(2023, 10, 1, 16, 31, 4, 0, time.UTC), 60, classic).docker(), "prod-rebuilt")
}

// buildDates are the dates of a month of builds, one to four on a working day.
func buildDates() []time.Time {
	var dates []time.Time
	for day := 1; day <= 30; day++ {
		d := time.Date(2023, 9, day, 0, 0, 0, 0, time.UTC)
		if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			continue
		}
		for n := range 1 + (day*5+2)%4 {
			minutes := 9*60 + 14 + (day*37+n*171)%480
			dates = append(dates, d.Add(time.Duration(minutes)*time.Minute+time.Duration((day*13+n*29+20)%60)*time.Second))
		}
	}
	slices.SortFunc(dates, time.Time.Compare)
	return dates
}

func shopBase() layer {
	return files(
		folder("bin/"), symlink("bin/sh", "busybox"), program("bin/busybox", "rootfs 3.18", x86, 170<<10),
		folder("etc/"), text("etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\n"),
		folder("lib/"), program("lib/ld-musl-x86_64.so.1", "rootfs 3.18", x86, 80<<10),
	)
}

// builderOf returns the builder in use on a date.
func builderOf(date time.Time) int {
	if date.Before(time.Date(2023, 9, 12, 0, 0, 0, 0, time.UTC)) {
		return classic
	}
	return buildkit
}

// shopImage is the n-th build. The last WORKDIR names a directory that exists
// already: BuildKit records an empty layer, the classic builder none.
func shopImage(base layer, date time.Time, n, builder int) image {
	modules := fmt.Sprintf("lock %d", n/17) // dependencies move now and then
	again := workdir("/app").made(empty)
	if builder == classic {
		again = workdir("/app")
	}
	return scratch("linux/amd64", builder, date.Format(time.RFC3339)).add(
		copied("rootfs/ /", base),
		env("NODE_ENV", "production"),
		run("apk add --no-cache nodejs tini ca-certificates", files(
			folder("usr/bin/"), program("usr/bin/node", "18.17.1", x86, 60<<10), program("usr/bin/tini", "0.19.0", x86, 9<<10))),
		workdir("/app").made(files(folder("app/"))),
		copied("package.json package-lock.json /app/", files(
			text("app/package.json", "{\"name\":\"image-name\",\"private\":true,\"main\":\"server.js\"}\n"),
			text("app/package-lock.json", "{\"lockfileVersion\":3,\"name\":\"image-name\",\"revision\":\""+modules+"\"}\n"))),
		run("npm ci --omit=dev && npm cache clean --force", filesAt(date.Truncate(24*time.Hour*14),
			folder("app/node_modules/"), blob("app/node_modules/.bundle", modules, 24<<10))),
		copied(". /app", files(
			text("app/server.js", fmt.Sprintf("require('./lib').serve({build: %d})\n", n)),
			blob("app/lib/index.js", fmt.Sprint("build ", n), 3<<10+n*37))),
		again,
		cmd("node", "server.js"),
	)
}
