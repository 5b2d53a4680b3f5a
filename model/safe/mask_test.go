package safe

import (
	"fmt"
	"strings"
	"testing"
)

// TestMask replaces the secret, which is hunter2 in each case, by Masked. want
// is given only where more than that changes.
func TestMask(t *testing.T) {
	tests := []struct{ in, want string }{
		{"ENV API_TOKEN=hunter2 MODE=x", ""},
		{`ENV PASSWORD="hunter2" X=1`, "ENV PASSWORD=(masked) X=1"},
		{`ENV PASSWORD="a hunter2" X=1`, "ENV PASSWORD=(masked) X=1"},
		{`ENV PASSWORD='a hunter2' X=1`, "ENV PASSWORD=(masked) X=1"},
		{`ENV PASSWORD="a"hunter2 X=1`, "ENV PASSWORD=(masked) X=1"},
		{"|1 DB_PASSWORD=hunter2 /bin/sh -c make", ""},
		{`{"API_KEY": "hunter2", "name": "x"}`, ""},
		{"mysql --password hunter2 -u root", ""},
		{"git clone https://u:hunter2@host/x", ""},
		{"git clone https://u:p@hunter2@host/x", "git clone https://u:(masked)@host/x"},
		{"curl -H 'Authorization: Bearer hunter2'", ""},
		{`{"Authorization": "Bearer hunter2"}`, `{"Authorization": "(masked)"}`},
		{"curl -H 'X-Api-Key: hunter2' -H 'PRIVATE-TOKEN: hunter2'", ""},

		// The exec form, on one line, over lines, and as docker records it.
		{`["mysqld","--password","hunter2"]`, ""},
		{`["mysqld", "--password", "a hunter2", "x"]`, `["mysqld", "--password", "(masked)", "x"]`},
		{"[\n  \"mysqld\",\n  \"--password\",\n  \"hunter2\"\n]", ""},
		{`CMD ["mysqld" "--password" "hunter2"]`, ""},
		{`"cmd": "[\"mysqld\",\"--password\",\"hunter2\"]"`, ""},
		{`["mysqld","--password","-hunter2"]`, `["mysqld","--password","(masked)"]`},
		{`["mysqld","--password=hunter2","x"]`, ""},
		{`["mysqld","--password=a hunter2","x"]`, `["mysqld","--password=(masked)","x"]`},

		// Short names.
		{"DB_PASS=hunter2", ""}, {"dbPass=hunter2", ""}, {"DB_PASS2=hunter2", ""}, {"MYSQL_PWD=hunter2", ""}, {"pass=hunter2", ""},
		{`{"auths":{"x":{"auth":"dXNlcjpwdzpodW50ZXIy"}}}`, `{"auths":{"x":{"auth":"(masked)"}}}`},
		{`"DOCKER_AUTH_CONFIG={\"auths\":{\"x\":{\"auth\":\"dXNlcjpwdzpodW50ZXIy\"}}}"`, `"DOCKER_AUTH_CONFIG={\"auths\":{\"x\":{\"auth\":\"(masked)\"}}}"`},
		{"//registry.npmjs.org/:_authToken=hunter2", ""},
		{"RAILS_MASTER_KEY=hunter2 AWS_SECRET_ACCESS_KEY=hunter2 apiKey=hunter2", ""},

		// Secrets that look like paths, addresses and names.
		{"AWS_SECRET_ACCESS_KEY=/9j4AAQSkZJRgABAQ", "AWS_SECRET_ACCESS_KEY=(masked)"}, {"A_TOKEN=/hunter2", "A_TOKEN=(masked)"},
		{"TOKEN_URL=https://example.org/?key=hunter2", "TOKEN_URL=(masked)"}, {"SECRET_URL=https://u:hunter2@example.org/", "SECRET_URL=(masked)"},
		{"SECRET_NAME=hunter2", "SECRET_NAME=(masked)"}, {"A_TOKEN=%hunter2", "A_TOKEN=(masked)"},
		{"A_PASSWORD=1234", "A_PASSWORD=(masked)"},
		{"A_PASSWORD=admin", "A_PASSWORD=(masked)"}, {"A_PASSWORD=example1", "A_PASSWORD=(masked)"}, {"A_TOKEN=<hunter2", "A_TOKEN=(masked)"}, {"A_TOKEN=<hunter2>", "A_TOKEN=(masked)"},
		{"STRIPE_KEY=sk0test1hunter2xyz", "STRIPE_KEY=(masked)"}, {`{"appKey": "base64:hunter2hunter2="}`, `{"appKey": "(masked)"}`},

		// Names that describe a secret, with a value that does not fit the description.
		{"PASSWORD_HASH_ALGO=hunter2&x", "PASSWORD_HASH_ALGO=(masked)"}, {"CREDENTIALS_PROVIDER=Xk29dLq8vTz1", "CREDENTIALS_PROVIDER=(masked)"},
		{"TOKEN_TTL=hunter2", "TOKEN_TTL=(masked)"}, {"TOKEN_TTL=3600x9", "TOKEN_TTL=(masked)"}, {"PASSPHRASE_PROMPT=hunter2", "PASSPHRASE_PROMPT=(masked)"},
		{"SECRET_ARN=arn:hunter2", "SECRET_ARN=(masked)"}, {"VAULT_SECRET_ID=vault:hunter2", "VAULT_SECRET_ID=(masked)"}, {"VAULT_SECRET_ID=hunter2", ""},
		{"A_TOKEN=vault:v1:8SDd3WHDOjf7mq69CyCqYg==", "A_TOKEN=(masked)"}, {"PASSWORD_PATTERN=hunter2", "PASSWORD_PATTERN=(masked)"},
		{"PASSWORD_VALUE=12345678", "PASSWORD_VALUE=(masked)"}, {"PASSWORDS=12345678", "PASSWORDS=(masked)"}, {"A_PASSWORD=3600s", "A_PASSWORD=(masked)"},
		{"A_PASSWORD=argon2id", "A_PASSWORD=(masked)"}, {"TOKEN_TYPE=ghp_" + strings.Repeat("a", 36), "TOKEN_TYPE=(masked)"},
		{"A_PASSWORD=$PREFIX-hunter2", "A_PASSWORD=(masked)"}, {"A_PASSWORD=${A}/hunter2", "A_PASSWORD=(masked)"}, {"A_SECRET=${B:-hunter2}", "A_SECRET=(masked)"},
		{`sed "s/password=.*/password=hunter2/" x`, `sed "s/password=.*/password=(masked)" x`}, {"A_PASSWORD=.*hunter2", "A_PASSWORD=(masked)"},
		{"run --db-password hunter2", ""}, {"run --disabled-password --password hunter2", ""},

		// Secrets that only their command tells.
		{"mysql -u root -phunter2 -e x", ""}, {"mysqldump -p'a hunter2' x", "mysqldump -p(masked) x"}, {"/usr/bin/mariadb -phunter2", ""}, {`["mysql", "-phunter2"]`, ""},
		{"sshpass -p hunter2 ssh -p 2222 x", ""}, {"sshpass -phunter2 scp x", ""},
		{"curl -u admin:hunter2 https://x", ""}, {"curl -sSL --user 'admin:a hunter2' https://x", "curl -sSL --user 'admin:(masked)' https://x"},
		{`["curl", "-u", "admin:hunter2"]`, ""}, {"curl -uadmin:hunter2 x", ""}, {`sh -c "curl -u "$U:hunter2" x`, ""},
		{`curl -H "X-Token: hunter2" -u a:hunter2 x`, ""},
		{"echo root:hunter2 | chpasswd", ""}, {"echo 'root:a hunter2' | sudo chpasswd", "echo 'root:(masked)' | sudo chpasswd"}, {`x && echo -n "$USER:hunter2"|/usr/sbin/chpasswd -e`, ""},
		{"aws configure set aws_secret_access_key hunter2 --profile x", ""}, {"npm config set //r.example/:_authToken hunter2", ""},

		// Addresses that are secrets, and connection strings.
		{"https://hooks.slack.com/services/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", "https://hooks.slack.com/(masked)"},
		{"https://discord.com/api/webhooks/123456789012345678/aB3dE5fG7hI9jK1lM3nO5pQ7", "https://discord.com/api/webhooks/(masked)"},
		{"AccountName=a;AccountKey=hunter2==", "AccountName=a;AccountKey=(masked)"}, {"Endpoint=sb://x/;SharedAccessKey=hunter2=", "Endpoint=sb://x/;SharedAccessKey=(masked)"},

		// Values of any kind.
		{`{"password":1234}`, `{"password":"(masked)"}`},
		{`{"password" : -12.5e3 }`, `{"password" : "(masked)" }`},
		{"mysql --password -hunter2", "mysql --password (masked)"},
		{"mysql --password 'a hunter2' x", "mysql --password (masked) x"},
		{"DB_PASSWORD=p&ss,hunter2|x;y:z end", "DB_PASSWORD=(masked) end"},
		{"RUN A_TOKEN=hunter2 && cmd", ""},
		{`["sh","-c","A_TOKEN=hunter2 && cmd"]`, ""},
		{"A_TOKEN=hunter2; cmd", ""},
		{`"A_TOKEN=a hunter2",`, `"A_TOKEN=(masked)",`},
		{`"A_TOKEN=a\"hunter2",`, `"A_TOKEN=(masked)",`},
		{`"sh -c \"A_TOKEN=hunter2\""`, ""},
		{`"sh -c A_TOKEN=\"a hunter2\""`, `"sh -c A_TOKEN=(masked)"`},
		{`["A_TOKEN=","B_TOKEN=hunter2"]`, ""},
		{`A_TOKEN="hunter2`, "A_TOKEN=(masked)"},
		{"start [run --password hunter2]", ""}, {"(A_TOKEN=hunter2)", ""}, {"{A_TOKEN=hunter2}", ""},
		{"A_TOKEN=hunter2(1) x", "A_TOKEN=(masked) x"},
		{`TOKEN=\u0026hunter2 x`, `TOKEN=(masked) x`},

		// Tokens of a known form, and private keys.
		{"ghp_" + strings.Repeat("a", 36), "(masked)"},
		{"x.token.ghp_" + strings.Repeat("a", 36), "x.token.(masked)"},
		{"AKIA" + strings.Repeat("B", 16), "(masked)"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def x", "(masked) x"},
		{"a -----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- b", "a (masked)\n(masked)\n(masked) b"},
		{`"x": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n", "y": 1`, `"x": "(masked)\n", "y": 1`},
		{`"x": "-----BEGIN PRIVATE KEY-----\nhunter2", "y": 1`, `"x": "(masked)", "y": 1`},
		{"SSH_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\nhunter2", "SSH_PRIVATE_KEY=(masked)\n(masked)"},
	}
	for _, tt := range tests {
		want := tt.want
		if want == "" {
			want = strings.ReplaceAll(tt.in, "hunter2", Masked)
		}
		if got := (Gate{}).Mask(tt.in); got != want {
			t.Errorf("%q is %q, want %q", tt.in, got, want)
		}
		if got := (Gate{}).Mask(want); got != want {
			t.Errorf("%q masked again is %q", want, got)
		}
		if got := (Gate{Reveal: true}).Mask(tt.in); got != tt.in {
			t.Errorf("revealed, %q is %q", tt.in, got)
		}
	}
}

// TestMaskLeaves checks that text which only resembles a secret stays: a
// comparison must show what differs.
func TestMaskLeaves(t *testing.T) {
	for _, s := range []string{
		"", "key", "token", "TOKEN=", `TOKEN=""`, `"password": ""`, "pass", "--password", "--password ",
		"ENV KEYBOARD=us MONKEY=1 compass=n bypass=1x KEY=1", "ENV PATH=/usr/bin PWD=/root OLDPWD=/x",
		"ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568", "PUBLIC_KEY=abc",
		"run --pass-through x", "run --pass-through=x", "run --monkey x", "mysql -p x",
		"docker login -u x --password-stdin registry.example", "docker login -u x --password-stdin=true",
		"TOKEN_FILE=/run/secrets/x", "--password-file /run/secrets/x", `"tokenPath": "./x"`,
		"PASSWORD=$PASSWORD TOKEN=${TOKEN} SECRET=\"$SECRET\" X_TOKEN=$(cat", `{"password": "${PASSWORD}"}`, "https://u:$PASSWORD@host", "--password $PASSWORD",
		"ALLOW_EMPTY_PASSWORD=yes TOKENIZERS_PARALLELISM=2 AUTH=ldap", `{"token": true, "secret": null, "auth": "basic"}`,
		`{"maxTokens": 4096, "passwordMinLength": 8}`, `{"auths": {}, "credsStore": "desktop"}`,
		`exec: "docker-credential-": executable file not found in $PATH`,
		"RUN --mount=type=secret,id=npmrc npm ci", "secretstorage==3.3.1", "apt-get install libsecret-1-0 libpam-passwdqc",
		"prog --password && next", "prog --token | next", "prog --password --user x", `["prog","--password","--user","x"]`, `["password","user"]`,
		"sha256:4db522e17a5f1bd5a493027fcde26887fdf3237f6db947218274b6a8d6d963e2",
		"https://host:8080/x", "ssh://git@host/x", "mailto:a@b", "the registry refused the token: expired", "ghp_short",
		"docker-credential-desktop: executable file not found", "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----",
		"GOOGLE_APPLICATION_CREDENTIALS=/var/secrets/key.json", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x", "PASSWORD_RESET_URL=https://example.org/reset",
		"JWT_SECRET_HEADER=X-Token", "TOKEN_PARAM=access_token", "[E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]", "A_TOKEN=%A_TOKEN%", "A_TOKEN={{token}}",
		"A_PASSWORD=changeme", "A_PASSWORD=Change-Me", "A_PASSWORD=password", "A_TOKEN=<your-token>", "A_TOKEN=your-token-here", "SECRET_KEY_BASE=dummy",
		"SECRET_KEY_BASE_DUMMY=1", "dummyToken=hunter2", "A_TOKEN=xxxx", "A_TOKEN=****", "A_PASSWORD=123", `{"token": 12}`, "https://u:changeme@host",
		"CACHE_KEY_PREFIX=app", "PRIMARY_KEY=0123456789abcdefgh", "SORT_KEY=name", "HAPROXY_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
		"PASSWORD_HASH_ALGO=argon2id SECRET_ALGORITHM=aes-256-gcm CREDENTIALS_PROVIDER=ec2-instance-profile TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic",
		"OAUTH_TOKEN_TTL=3600s TOKEN_LIFETIME=1h30m TOKEN_EXPIRY=86400000 MAX_TOKENS=4096 PASSWORD_LENGTH=12", `{"tokenTtl": "7 days", "passwordPrompt": "Enter passphrase:"}`,
		"PASSPHRASE_PROMPT=Enter passphrase", "PASSWORD_PATTERN=^[a-z0-9]{12,}$", "SECRET_NAME=word ACCESS_TOKEN_COOKIE_NAME=session TOKEN_FIELD=word",
		"SECRET_ARN=arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf", "VAULT_SECRET_ID=vault:secret/data/app#token", "A_PASSWORD=op://vault/item/field",
		`sed -i "s/password=.*/password=${DB_PASSWORD}/" /etc/app.conf`, "sed s|token=.*|token=$TOKEN|g x", `sed -E 's/secret=[^ ]+/x/' y`,
		"adduser --disabled-password app", `["adduser", "--disabled-password", "app"]`, "run --no-password x", "A_SECRET=${B:-changeme}",
		"mkdir -phunter2 x", "mysql -p$PW", `mysql -p"${PW}" x`, "mysql -p x", "mysql x; mkdir -phunter2", "docker run -p3306:3306 mysql", "ssh -p 2222 x",
		"curl -u $U:$P x", `curl -u "${U}:${P}" x`, "curl -u admin x", "curl -u admin: x", "docker run -u 1000:1000 x", "curl x && useradd -u 1000:hunter2 x",
		"echo root:$PW | chpasswd", `echo "root:${PW}" | chpasswd`, "echo root:hunter2 > x", `printf 'root:%s' "$PW" | chpasswd`, "echo a:b; echo c | chpasswd",
		"aws configure set region eu-west-1", "aws configure set aws_secret_access_key $KEY", "aws configure get aws_secret_access_key x", "the secret value is x",
		"https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "https://hooks.slack.com/services/$PATH_OF_HOOK", "https://api.slack.com/messaging/webhooks",
		"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", "ACCOUNT_KEY_FILE=/run/x", "AKIAIOSFODNN7EXAMPLE",
		"DEPLOY_KEY=word", `{"key": "0123456789abcdefgh"}`,
		"org.opencontainers.image.authors=someone", `"author": "someone"`, `"Author": "x"`,
	} {
		if got := (Gate{}).Mask(s); got != s {
			t.Errorf("%q is %q", s, got)
		}
	}
}

// TestCountSecrets counts secrets in use apart from words, which are often defaults.
func TestCountSecrets(t *testing.T) {
	for _, tt := range []struct {
		in           string
		inUse, words int
	}{
		{"API_TOKEN=hunter2", 1, 0}, {"A_PASSWORD=correcthorsebatterystaple", 1, 0}, {"A_PASSWORD=sUpErSecret", 1, 0},
		{"|1 A_TOKEN=ghs_16C7e42F292c6912E7710c838347Ae178B4a /bin/sh -c make", 1, 0}, {"x -----BEGIN PRIVATE KEY-----\nabc", 1, 0},
		{"A_PASSWORD=admin", 0, 1}, {"A_PASSWORD=Guest", 0, 1}, {"COOKIESECRET=cookiesecret", 0, 1}, {"A_PASSWORD=123456", 0, 1},
		{"URL=postgres://user:pass@localhost/db SECRET_KEY_BASE=dummy", 0, 1}, {"A_PASSWORD=admin B_TOKEN=hunter2", 1, 1},
		{"A_SECRET=not-a-secret", 0, 1}, {"A_SECRET=${B:-hunter2}", 1, 0}, {"A_SECRET=${B:-admin}", 0, 1}, {"A_SECRET=${B:-}", 0, 0},
		{"A_SECRET=correct-horse-battery-staple-and-more-of-it", 1, 0}, {"SECRET_NAME=prod-db", 0, 0}, {"TOKEN_EXPIRY=86400000", 0, 0},
		{"curl -u admin:Xk29dLq8vTz1 x", 1, 0}, {"echo root:admin | chpasswd", 0, 1}, {"mysql -pS3cr3tPassw0rd! x", 1, 0},
		{"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 0, 0},
		{"A_PASSWORD=changeme", 0, 0}, {"MAX_TOKENS=4096", 0, 0}, {"JWT_SECRET_HEADER=Token", 0, 0}, {"A_TOKEN=(masked)", 0, 0}, {"", 0, 0},
	} {
		if inUse, words := Secrets(tt.in); inUse != tt.inUse || words != tt.words {
			t.Errorf("%q has %d and %d, want %d and %d", tt.in, inUse, words, tt.inUse, tt.words)
		}
		if masked := (Gate{}).Mask(tt.in); (masked != tt.in) != (tt.inUse+tt.words > 0) {
			t.Errorf("%q is %q and has %d and %d", tt.in, masked, tt.inUse, tt.words)
		}
		if inUse, words := Secrets(Gate{}.Mask(tt.in)); inUse+words != 0 {
			t.Errorf("%q masked has %d and %d", tt.in, inUse, words)
		}
	}
}

// TestValue masks whole values, with blanks too.
func TestValue(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"A_PASSWORD", "a hunter2", Masked}, {"A_PASSWORD", "changeme", "changeme"}, {"A_PASSWORD", "<set me>", "<set me>"},
		{"A", "B_TOKEN=hunter2 c", "B_TOKEN=(masked) c"}, {"URL", "https://u:hunter2@host", "https://u:(masked)@host"}, {"A", "b c", "b c"},
	} {
		if got := (Gate{}).Value(tt.name, tt.value); got != tt.want {
			t.Errorf("%s=%s is %q, want %q", tt.name, tt.value, got, tt.want)
		}
		if got := (Gate{Reveal: true}).Value(tt.name, tt.value); got != tt.value {
			t.Errorf("revealed, %s=%s is %q", tt.name, tt.value, got)
		}
		if inUse, _ := SecretsOf(tt.name, tt.value); inUse != strings.Count(tt.want, Masked) {
			t.Errorf("%s=%s has %d", tt.name, tt.value, inUse)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{
		"ENV API_TOKEN=abc", `{"password": "a\"b"}`, "--password x", "https://u:p@h", "-----BEGIN PRIVATE KEY-----\nx", `["--password" , "x"]`,
		`TOKEN="a b"c]`, `\"TOKEN=\"`, "TOKEN='x\"'", `"token":1`, "x-token: y", "Authorization: Basic x", "auth=(]", `"A_TOKEN=" "`, "ghp_" + strings.Repeat("a", 20),
		"-----BEGIN PRIVATE KEY-----\n\"-----END PRIVATE KEY-----\n", "a://b:c@d@", "passwd=\\\n", "--pass \t\"", "key=token=pass=", "secret_file=/a b", "\r\n--secret\r\n",
		"mysql -pa\"b", "curl -u a:b'c d", "curl -u \"a:b", "echo 'a:b'|chpasswd", "echo a:\\|chpasswd", "configure set a_token x", "curl \\\"-u\\\" a:\\\"", "s/token=.*/token=${A}/g",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Gate{}.Mask(s)
		if twice := (Gate{}).Mask(once); twice != once {
			t.Fatalf("%q is %q and then %q", s, once, twice)
		}
		checkPrintable(t, Gate{}.Clean(s).String())
		if got, want := len(Gate{}.Lines(s)), len(Lines(s)); got != want {
			t.Fatalf("%q has %d lines, masked %d", s, want, got)
		}
		if got := (Gate{Reveal: true}).Mask(s); got != s {
			t.Fatalf("revealed, %q is %q", s, got)
		}
		if strings.Contains(Gate{}.Mask("A_TOKEN=hunter2 "+s), "hunter2 ") && !strings.Contains(s, "hunter2 ") {
			t.Fatal("a secret gets through")
		}
	})
}

// FuzzMaskValues checks that a secret value is masked, whatever it contains and
// whatever is around it.
func FuzzMaskValues(f *testing.F) {
	f.Add("a", "b&c,d;e", "f")
	f.Add("{", "x", "}")
	f.Add("RUN ", "p\\\"", " && x")
	f.Fuzz(func(t *testing.T, before, value, after string) {
		if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || strings.ContainsAny(value, "\"'\\$`~/") || strings.Contains(value, "--") {
			t.Skip()
		}
		value = "q8Zk" + value + "w7Xj" // occurs nowhere else in the text
		for _, shape := range []string{
			"DB_PASSWORD=%s", "DB_PASS=%s", "MYSQL_PWD=%s", "PASSWORD=\"%s\"", "run --password %s", "run --password=%s",
			`{"password":"%s"}`, `{"auth":"%s"}`, `["run","--password","%s"]`, "[\n  \"--password\",\n  \"%s\"\n]", `["A_TOKEN=%s"]`,
			"curl -u root:%s", "mysql -p%s", "aws configure set a_token %s",
		} {
			in := before + "\n" + fmt.Sprintf(shape, value) + " " + after
			if strings.Contains(before, "PRIVATE KEY") || strings.Contains(before+after, "q8Zk") || strings.Contains(before+after, "w7Xj") {
				t.Skip()
			}
			if got := (Gate{}).Mask(in); strings.Contains(got, "q8Zk") || strings.Contains(got, "w7Xj") {
				t.Fatalf("%q is %q", in, got)
			}
		}
	})
}

func BenchmarkMask(b *testing.B) {
	var labels strings.Builder
	labels.WriteString("{\n")
	for i := range 50_000 {
		fmt.Fprintf(&labels, "    \"com.example.some-label.%d\": \"a value of some words, and a path /usr/share/x\",\n", i)
	}
	history := strings.Repeat(`{"created_by": "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates curl # buildkit"},`+"\n", 20_000)
	for name, s := range map[string]string{
		"labels": labels.String(), "history": history,
		"hints":       strings.Repeat("the key of a monkey passes the author's compass\n", 50_000),
		"secrets":     strings.Repeat("      \"A_TOKEN=abcdef\",\n", 100_000),
		"one line":    strings.Repeat("A_TOKEN=abcdef,", 100_000),
		"quotes":      strings.Repeat(`"token":"`, 200_000),
		"long name":   strings.Repeat("token", 300_000),
		"open quotes": strings.Repeat(`token="a `, 200_000),
		"flags":       strings.Repeat("mysql -p -u ", 100_000),
		"pipes":       strings.Repeat("echo a:b chpasswd ", 100_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				Gate{}.Mask(s)
			}
		})
	}
}
