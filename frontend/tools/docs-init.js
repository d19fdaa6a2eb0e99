// Starts Swagger UI on the page /docs.
window.addEventListener('load', () => {
  window.ui = window.SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    validatorUrl: null,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    requestInterceptor: async (request) => {
      const unsafe = !['GET', 'HEAD', 'OPTIONS'].includes((request.method ?? 'GET').toUpperCase());
      if (unsafe && !request.headers['X-API-Key']) {
        const session = await (await fetch('/api/session')).json();
        request.headers['X-CSRF-Token'] = session.csrf;
      }
      return request;
    },
  });
});
