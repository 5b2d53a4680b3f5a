package main

import "fmt"

// many is a year of continuous integration: 1,500 tags of six images.
func (s store) many() {
	r := s.repo("team/many")
	images := make([]manifest, 6)
	for n := range images {
		images[n] = scratch("linux/amd64", buildkit, fmt.Sprintf("2024-0%d-03T04:05:06Z", n+1)).add(
			copied("rootfs/ /", files(program("bin/busybox", "many", x86, 20<<10))),
			copied("worker /worker", files(program("worker", fmt.Sprint(n), x86, 4<<10))),
			cmd("/worker"),
		).oci()
	}
	for n := range 900 {
		r.tag(images[n/150], fmt.Sprintf("main-%04d-%07x", n+1, uint32(n+7)*2_654_435_761>>4))
	}
	for n := range 480 {
		r.tag(images[(n*7)%6], fmt.Sprintf("pr-%d", n+2301))
	}
	for n := range 118 {
		r.tag(images[n/20], fmt.Sprintf("v%d.%d.%d", 1+n/50, n/10%5, n%10))
	}
	r.tag(images[5], "latest", "main")
}
