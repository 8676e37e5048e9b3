// A Vault server with the engines and logins that the tests use, on a folder.
package main

import (
	"crypto/tls"
	"flag"
	"log"
	"net"
	"net/http"
	"os"

	hclog "github.com/hashicorp/go-hclog"
	kubeauth "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/cert"
	"github.com/hashicorp/vault/builtin/credential/github"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/vault"
)

// The engines and logins, as Vault looks them up.
var (
	engines = map[string]logical.Factory{"kv": kv.Factory, "leased": vault.LeasedPassthroughBackendFactory}
	logins  = map[string]logical.Factory{
		"approle": approle.Factory, "userpass": userpass.Factory, "cert": cert.Factory,
		"github": github.Factory, "kubernetes": kubeauth.Factory,
	}
)

type registry struct{}

func of(pluginType consts.PluginType) map[string]logical.Factory {
	switch pluginType {
	case consts.PluginTypeSecrets:
		return engines
	case consts.PluginTypeCredential:
		return logins
	}
	return nil
}

func (registry) Contains(name string, pluginType consts.PluginType) bool {
	return of(pluginType)[name] != nil
}

func (registry) Get(name string, pluginType consts.PluginType) (func() (interface{}, error), bool) {
	factory, found := of(pluginType)[name]
	return func() (interface{}, error) { return factory, nil }, found
}

func (registry) Keys(pluginType consts.PluginType) []string {
	var names []string
	for name := range of(pluginType) {
		names = append(names, name)
	}
	return names
}

func (registry) DeprecationStatus(name string, pluginType consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, of(pluginType)[name] != nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8200", "")
	data := flag.String("data", "", "")
	certFile := flag.String("cert", "", "")
	keyFile := flag.String("key", "", "")
	flag.Parse()
	logger := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Warn})
	physical, err := file.NewFileBackend(map[string]string{"path": *data}, logger)
	must(err)
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           physical,
		DisableMlock:       true,
		DisableCache:       false,
		Logger:             logger,
		LogicalBackends:    engines,
		CredentialBackends: logins,
		BuiltinRegistry:    registry{},
	})
	must(err)
	listener, err := net.Listen("tcp", *listen)
	must(err)
	server := &http.Server{Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core})}
	if *certFile != "" {
		server.TLSConfig = &tls.Config{ClientAuth: tls.RequestClientCert}
		must(server.ServeTLS(listener, *certFile, *keyFile))
	}
	must(server.Serve(listener))
}
