package main

import (
	"slices"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Dates of the second incident, as in the history of the official images: the
// tag 2.7 moved from 2.7.16 to 2.7.17 on 22 October 2019.
const (
	stretchDay = "2019-06-11T00:42:09Z"
	busterDay  = "2019-10-17T00:22:11Z"
	py2716Day  = "2019-10-18T20:13:25Z"
	py2717Day  = "2019-10-22T16:05:41Z"
	py38Day    = "2019-10-18T20:01:14Z"
)

// release is one version of Python. Its first steps are older than the rest:
// the builder takes unchanged steps from its cache.
type release struct {
	version, begun, date string
	key, command         string
	more                 []step
	// deb and openssl are the versions of Debian's own Python 2 and of OpenSSL on the day of the build.
	deb, openssl string
}

var (
	python2716 = release{"2.7.16", py2716Day, py2716Day, python2Key, "python2", python2, "2.7.16-2+deb10u1", "1.1.1c-1"}
	python2717 = release{"2.7.17", py2716Day, py2717Day, python2Key, "python2", python2, "2.7.17-1", "1.1.1d-0+deb10u1"}
	python37   = release{"3.7.5", py38Day, py38Day, "0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D", "python3", nil, "2.7.16-2+deb10u1", "1.1.1c-1"}
	python38   = release{"3.8.0", py38Day, py38Day, "E3FF2839C048B25C084DEBE9B26995E310250568", "python3", nil, "2.7.16-2+deb10u1", "1.1.1c-1"}
)

// python2 are the steps that only images of Python 2 have.
var python2 = []step{env("PYTHONIOENCODING", "UTF-8")}

const pipVersion = "19.3.1"

// sitePackages is where pip installs packages for a version of Python, as 2.7.16.
func sitePackages(version string) string {
	return "usr/local/lib/python" + version[:strings.LastIndexByte(version, '.')] + "/site-packages/"
}

const python2Key = "C01E1CAD5EA2C4F0B8E3571504C367C218ADD4FF"

// python is the second incident: library/python, whose shared tags move, and
// shop/api, which is built on one of them.
func (s store) python() {
	official := s.officialPython()
	s.officialDebian()
	r := s.repo("shop/api")
	stretch := buildDeps(debian(amd64Arch, "stretch", stretchDay, 32), amd64Arch, "stretch")
	onStretch := python2716
	onStretch.begun, onStretch.date = "2019-06-11T20:58:33Z", "2019-06-11T21:30:12Z"
	onStretch.deb, onStretch.openssl = "2.7.13-2+deb9u3", "1.1.0j-1~deb9u1"
	oldest := pythonOn(stretch, amd64Arch, "stretch", onStretch)
	r.tag(apiImage(oldest, "2019-07-02T08:11:40Z", "1").docker(), "build-1007")
	r.tag(apiImage(official["2.7.16"], "2019-10-21T09:02:17Z", "2").docker(), "build-1040")
	r.tag(apiImage(official["2.7.16"], "2019-10-22T13:37:05Z", "3").docker(), "build-1041")
	r.tag(apiImage(official["2.7.17"], "2019-10-23T06:48:51Z", "3").docker(), "build-1042", "latest")
}

// apiImage is the service: nine steps on the python:2.7 of that day. The files
// that it copies depend only on source, those that a RUN makes also on the date.
func apiImage(base image, date, source string) image {
	i := base.at(date)
	place := sitePackages(python2717.version)
	return i.add(
		env("APP_HOME", "/srv/api"),
		workdir("/srv/api").made(files(folder("srv/api/"))),
		copied("requirements.txt /srv/api/",
			files(text("srv/api/requirements.txt", "flask==1.1.1\ngunicorn==19.9.0\npsycopg2==2.8.3\nrequests==2.22.0\n"))),
		run("pip install --no-cache-dir -r requirements.txt", filesAt(i.clock,
			slices.Concat([]file{folder(place), blob(place+"flask.zip", "1.1.1", 12<<10)},
				wheel(place, "flask", "1.1.1"), wheel(place, "gunicorn", "19.9.0"), wheel(place, "requests", "2.22.0"),
				wheel(place, "psycopg2", "2.8.3"), []file{blob(place+"psycopg2/_psycopg.so", "2.8.3", 14<<10)})...)),
		copied(". /srv/api", files(
			text("srv/api/wsgi.py", "from api import create_app\napplication = create_app()\n"),
			text("srv/api/expected-packages.txt", "libpython2.7-minimal 2.7.16-2+deb10u1\npython2.7 2.7.16\n"),
			blob("srv/api/api/views.py", "source "+source, 7<<10))),
		run("python -m compileall -q . && useradd --system --home-dir /srv/api api", filesAt(i.clock,
			blob("srv/api/api/views.pyc", "source "+source, 8<<10),
			text("etc/passwd", "root:x:0:0:root:/root:/bin/bash\napi:x:999:999::/srv/api:/bin/sh\n"))),
		expose("8080"),
		user("api"),
		cmd("gunicorn", "--bind", "0.0.0.0:8080", "wsgi"),
	)
}

// officialPython fills library/python. It returns the linux/amd64 image of each
// version.
func (s store) officialPython() map[string]image {
	r := s.repo("library/python")
	versions := []release{python2716, python2717, python37, python38}
	full, slim := map[string][]manifest{}, map[string][]manifest{}
	amd64 := map[string]image{}
	for _, a := range officialArchs {
		thin := debian(a, "buster-slim", busterDay, 17)
		thick := buildDeps(debian(a, "buster", busterDay, 32), a, "buster")
		for _, v := range versions {
			i := pythonOn(thick, a, "buster", v)
			full[v.version] = append(full[v.version], i.docker())
			slim[v.version] = append(slim[v.version], pythonOn(thin, a, "buster-slim", v).docker())
			if a.name == "amd64" {
				amd64[v.version] = i
			}
		}
	}
	tags := map[string][]string{"2.7.16": nil, "2.7.17": {"2", "2.7"}, "3.7.5": {"3.7"}, "3.8.0": {"3", "3.8"}}
	for _, v := range versions {
		for _, name := range append(tags[v.version], v.version) {
			r.tag(list(full[v.version]...), name+"-buster")
			r.tag(list(slim[v.version]...), name+"-slim", name+"-slim-buster")
			// A shared tag spans operating systems: the same Linux images as
			// the Debian tags, and Windows, so another list.
			r.tag(list(append(full[v.version], windowsPython(v))...), name)
		}
	}
	r.tag(list(append(full["3.8.0"], windowsPython(python38))...), "latest")
	return amd64
}

// buildDeps adds the steps of the official images between Debian and a language.
func buildDeps(base image, a arch, release string) image {
	seed := release + " " + a.name
	return base.add(
		run("apt-get update && apt-get install -y --no-install-recommends "+
			"\t\tca-certificates \t\tcurl \t\tnetbase \t\twget \t&& rm -rf /var/lib/apt/lists/*",
			files(program("usr/bin/curl", seed, a.machine, 5<<10))),
		run("set -ex; \tif ! command -v gpg > /dev/null; then \t\tapt-get update; \t\tapt-get install -y --no-install-recommends "+
			"\t\t\tgnupg \t\t\tdirmngr \t\t; \t\trm -rf /var/lib/apt/lists/*; \tfi",
			files(program("usr/bin/gpg", seed, a.machine, 6<<10))),
		run("apt-get update && apt-get install -y --no-install-recommends \t\tbzr \t\tgit \t\tmercurial \t\topenssh-client \t\tsubversion "+
			"\t\t\t\tprocps \t&& rm -rf /var/lib/apt/lists/*",
			files(program("usr/bin/git", seed, a.machine, 20<<10))),
		run("set -ex; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tautoconf \t\tautomake \t\tbzip2 \t\tdpkg-dev "+
			"\t\tfile \t\tg++ \t\tgcc \t\timagemagick \t\tlibbz2-dev \t\tlibc6-dev \t\tlibcurl4-openssl-dev \t\tlibdb-dev \t\tlibffi-dev "+
			"\t\tlibssl-dev \t\tlibxml2-dev \t\tmake \t\tpatch \t\tunzip \t\txz-utils \t\tzlib1g-dev \t; \trm -rf /var/lib/apt/lists/*",
			files(program("usr/bin/gcc", seed, a.machine, 16<<10))),
	)
}

// pythonOn is the Dockerfile of the official images, full or slim.
func pythonOn(base image, a arch, debian string, r release) image {
	seed := r.version + " " + a.name
	const path = "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	debs := pythonDebs(r.deb, r.openssl)
	made := []file{program("usr/local/bin/"+r.command, seed, a.machine, 6<<10), blob("usr/local/lib/libpython.so", seed, 8<<10),
		status(a, slices.Concat(essential(debian), debs)...)}
	place := sitePackages(r.version)
	pip := []file{folder(place), blob("usr/local/lib/pip.zip", "pip "+pipVersion+" for "+seed, 3<<10)}
	pip = slices.Concat(pip, wheel(place, "pip", pipVersion), wheel(place, "setuptools", "41.4.0"), wheel(place, "wheel", "0.33.6"))
	i := base.at(r.begun).add(env("PATH", path), env("LANG", "C.UTF-8")).add(r.more...).add(
		run("apt-get update && apt-get install -y --no-install-recommends \t\ttk-dev \t\tuuid-dev \t&& rm -rf /var/lib/apt/lists/*",
			files(blob("usr/lib/libtk8.6.so", "tk "+a.name, 9<<10))),
		env("GPG_KEY", r.key),
	)
	return i.at(r.date).add(
		env("PYTHON_VERSION", r.version),
		run("set -ex "+
			"\t\t&& wget -O python.tar.xz "+
			"\"https://www.python.org/ftp/python/${PYTHON_VERSION%%[a-z]*}/Python-$PYTHON_VERSION.tar.xz\" "+
			"\t&& wget -O python.tar.xz.asc "+
			"\"https://www.python.org/ftp/python/${PYTHON_VERSION%%[a-z]*}/Python-$PYTHON_VERSION.tar.xz.asc\" "+
			"\t&& export GNUPGHOME=\"$(mktemp -d)\" "+
			"\t&& gpg --batch --keyserver ha.pool.sks-keyservers.net --recv-keys \"$GPG_KEY\" "+
			"\t&& gpg --batch --verify python.tar.xz.asc python.tar.xz "+
			"\t&& mkdir -p /usr/src/python \t&& tar -xJC /usr/src/python --strip-components=1 -f python.tar.xz "+
			"\t&& cd /usr/src/python \t&& ./configure --enable-optimizations --enable-shared --with-system-ffi "+
			"\t&& make -j \"$(nproc)\" \t&& make install \t&& ldconfig \t&& "+r.command+" --version",
			files(slices.Concat(made, installed(a, debs...))...)),
		env("PYTHON_PIP_VERSION", pipVersion),
		env("PYTHON_GET_PIP_URL", "https://github.com/pypa/get-pip/raw/ffe826207a010164265d9cc807978e3604d18ca0/get-pip.py"),
		env("PYTHON_GET_PIP_SHA256", "b86f36cc4345ae87bfd4f10ef6b2dbfa7a872fbff70608a1e43944d283fd0eee"),
		run("set -ex; "+
			"\t\twget -O get-pip.py \"$PYTHON_GET_PIP_URL\"; \techo \"$PYTHON_GET_PIP_SHA256 *get-pip.py\" | sha256sum --check --strict -; "+
			"\t\tpython get-pip.py \t\t--disable-pip-version-check \t\t--no-cache-dir \t\t\"pip==$PYTHON_PIP_VERSION\" \t; "+
			"\tpip --version; \trm -f get-pip.py",
			files(pip...)),
		cmd(r.command),
	)
}

// windowsPython is the Windows member of a shared tag. Registries may not store
// its base layer: the manifest lists the URL of the layer.
func windowsPython(r release) manifest {
	core := layer{
		digest: "sha256:4612f6d0b889cad0ed0292fae3a0b0c8a9e49aff6dea8eb049b2386d9b07986f", size: 1_534_685_324,
		diffID: "sha256:3fd27ecef6a323f5ea7f3fde1f7b87a2dbfb1afa797f88fd7d20e8dbdc856f67",
	}
	core.away = "https://mcr.microsoft.com/v2/windows/servercore/blobs/" + core.digest.String()
	i := image{platform: v1.Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.17763.805"}, builder: classic}.at(r.date)
	return i.add(
		recorded("Apply image 1809-amd64", core),
		step{text: "cmd /S /C #(nop)  SHELL [powershell -Command " +
			"$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';]", verbatim: true},
		recorded("powershell -Command $ErrorActionPreference = 'Stop'; "+
			"[Environment]::SetEnvironmentVariable('PATH', 'C:\\Python;' + $env:PATH);", files(blob("Hives/Software_Delta", "windows", 3<<10))),
		step{text: "powershell -Command $ErrorActionPreference = 'Stop'; #(nop)  ENV PYTHON_VERSION=" + r.version, verbatim: true,
			set: env("PYTHON_VERSION", r.version).set},
		recorded("powershell -Command $ErrorActionPreference = 'Stop'; Invoke-WebRequest -Uri "+
			"('https://www.python.org/ftp/python/{0}/python-{0}.amd64.msi' -f $env:PYTHON_VERSION) -OutFile 'python.msi'; "+
			"Start-Process msiexec -Wait; Remove-Item python.msi -Force;", files(blob("Files/Python/python27.dll", r.version, 16<<10))),
		step{text: "powershell -Command $ErrorActionPreference = 'Stop'; #(nop)  CMD [\"python\"]", verbatim: true, set: cmd("python").set},
	).docker()
}

// officialDebian fills library/debian with the bases of the other images, so
// that a base can be found by its layers.
func (s store) officialDebian() {
	r := s.repo("library/debian")
	var full, slim []manifest
	for _, a := range officialArchs {
		full = append(full, debian(a, "buster", busterDay, 32).docker())
		slim = append(slim, debian(a, "buster-slim", busterDay, 17).docker())
	}
	r.tag(list(full...), "buster", "10", "latest")
	r.tag(list(slim...), "buster-slim", "10-slim")
	r.tag(list(paymentsBase(amd64Arch).docker(), paymentsBase(arm64Arch).docker()), "bookworm-slim", "12.5-slim", "12-slim")
	r.tag(list(debian(amd64Arch, "stretch", stretchDay, 32).docker()), "stretch", "9")
}
