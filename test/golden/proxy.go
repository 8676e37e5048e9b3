package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"os/exec"
)

func init() {
	generators["proxy"] = proxyRows
	// net/http reads the environment once in the life of a process.
	if target := os.Getenv("GOLDEN_PROXY_URL"); target != "" {
		printProxy(target)
		os.Exit(0)
	}
}

func printProxy(target string) {
	request, err := http.NewRequest("GET", target, nil)
	if err != nil {
		log.Fatal(err)
	}
	row := map[string]string{}
	proxy, err := http.ProxyFromEnvironment(request)
	if err != nil {
		row["error"] = err.Error()
	} else if proxy != nil {
		row["proxy"] = proxy.Scheme + "://" + proxy.Host
		if proxy.User != nil {
			password, _ := proxy.User.Password()
			row["userinfo"] = proxy.User.Username() + ":" + password
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(row); err != nil {
		log.Fatal(err)
	}
}

// proxyRows: by which proxy net/http asks for an address.
func proxyRows() []any {
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	const plain, secure = "http://etcd.example:2379/v2/keys", "https://etcd.example:2379/v2/keys"
	both := func(more map[string]string) map[string]string {
		env := map[string]string{"HTTP_PROXY": "http://p:3128", "HTTPS_PROXY": "http://s:3129"}
		for name, value := range more {
			env[name] = value
		}
		return env
	}
	type one struct {
		env map[string]string
		url string
	}
	var cases []one
	for _, url := range []string{plain, secure} {
		for _, env := range []map[string]string{
			{}, both(nil), {"http_proxy": "l:1", "https_proxy": "l:2"},
			{"HTTP_PROXY": "U:1", "http_proxy": "l:1", "HTTPS_PROXY": "U:2", "https_proxy": "l:2"},
			{"HTTP_PROXY": "", "http_proxy": "l:1", "HTTPS_PROXY": "", "https_proxy": "l:2"},
			{"HTTP_PROXY": "p"}, {"HTTPS_PROXY": "p"}, {"HTTP_PROXY": "10.0.0.1:3128", "HTTPS_PROXY": "[::2]:3128"},
			{"HTTP_PROXY": "https://p", "HTTPS_PROXY": "https://p:8443"},
			{"HTTP_PROXY": "socks5://p:1080", "HTTPS_PROXY": "socks5://p:1080"},
			{"HTTP_PROXY": "http://u:p%40w%2F@p:3128", "HTTPS_PROXY": "u:pw@p:3128"},
			{"HTTP_PROXY": "http://u@p:3128/", "HTTPS_PROXY": "http://p:3128/path"},
			{"HTTP_PROXY": "http://p:abc", "HTTPS_PROXY": "http://p:abc"},
			{"HTTP_PROXY": "http://[::1", "HTTPS_PROXY": "%zz"},
			both(map[string]string{"REQUEST_METHOD": "GET"}),
			both(map[string]string{"NO_PROXY": "*"}), both(map[string]string{"NO_PROXY": "a,*,b"}),
			both(map[string]string{"no_proxy": "etcd.example"}),
			both(map[string]string{"NO_PROXY": "other", "no_proxy": "etcd.example"}),
			both(map[string]string{"NO_PROXY": "example"}), both(map[string]string{"NO_PROXY": ".example"}),
			both(map[string]string{"NO_PROXY": "*.example"}), both(map[string]string{"NO_PROXY": ".etcd.example"}),
			both(map[string]string{"NO_PROXY": "*.etcd.example"}), both(map[string]string{"NO_PROXY": "cd.example"}),
			both(map[string]string{"NO_PROXY": "ETCD.Example"}), both(map[string]string{"NO_PROXY": " x , etcd.example "}),
			both(map[string]string{"NO_PROXY": "etcd.example:2379"}), both(map[string]string{"NO_PROXY": "etcd.example:80"}),
			both(map[string]string{"NO_PROXY": "etcd.example:"}), both(map[string]string{"NO_PROXY": ":2379"}),
			both(map[string]string{"NO_PROXY": ".example:2379"}), both(map[string]string{"NO_PROXY": "etcd.example."}),
			both(map[string]string{"NO_PROXY": "etcd.example;x"}), both(map[string]string{"NO_PROXY": ","}),
			both(map[string]string{"NO_PROXY": "."}), both(map[string]string{"NO_PROXY": "*."}),
			both(map[string]string{"NO_PROXY": "http://etcd.example"}),
		} {
			cases = append(cases, one{env, url})
		}
	}
	for _, host := range []string{
		"localhost", "LOCALHOST", "localhost:4001", "x.localhost", "127.0.0.1", "127.8.9.10:4001", "[::1]:4001",
		"[::ffff:127.0.0.1]:1", "10.1.2.3", "10.1.2.3:2379", "[fd00::1]:2379", "[::ffff:10.1.2.3]", "0.0.0.0", "h",
		"h:80", "bücher.example", "xn--bcher-kva.example",
	} {
		for _, none := range []string{
			"", "10.0.0.0/8", "10.1.2.3/32", "10.1.2.4/31", "11.0.0.0/8", "10.0.0.0/33", "10.1.2.3", "10.1.2.3:2379",
			"10.1.2.3:80", "fd00::/8", "fd00::1", "[fd00::1]:2379", "[fd00::1]:80", "[fd00::1]", "::ffff:10.1.2.3",
			"0.0.0.0/0", "::/0", "10.1.2", "10.", "*.3", "h", "h:80", "bücher.example", "xn--bcher-kva.example",
			"BÜCHER.example",
		} {
			cases = append(cases, one{both(map[string]string{"NO_PROXY": none}), "http://" + host + "/"})
		}
	}
	var rows []any
	for _, c := range cases {
		command := exec.Command(self)
		command.Env = []string{"GOLDEN_PROXY_URL=" + c.url}
		for name, value := range c.env {
			command.Env = append(command.Env, name+"="+value)
		}
		out, err := command.Output()
		if err != nil {
			log.Fatal(c, err)
		}
		row := map[string]any{}
		if err := json.Unmarshal(out, &row); err != nil {
			log.Fatal(err)
		}
		row["env"], row["url"] = c.env, c.url
		rows = append(rows, row)
	}
	return rows
}
