mkdir dist
echo x > dist/a; echo y > k.log; echo z > kept
printf 'dist
*.log
**/*.js
' > .dockerignore
